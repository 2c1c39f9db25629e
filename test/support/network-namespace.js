'use strict';
// Two hosts on one machine, for tests and the demo: a private network namespace for this process, a second one for its
// peers, a cable between them that can be cut. Linux; root, or any user where unprivileged namespaces are permitted.
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');

const marker = 'TCP_KEEPALIVE_IN_NAMESPACE';

/** Whether this process already runs in a namespace that {@link isolation} made. */
exports.isIsolated = process.env[marker] !== undefined;

/**
 * How a program can be run in a network namespace of its own, or why it can not.
 * @returns {{ command: string[], env: NodeJS.ProcessEnv } | { reason: string }}
 */
exports.isolation = function isolation() {
  if (process.platform !== 'linux') return { reason: `${process.platform} has no network namespaces` };
  for (const tool of ['ip', 'unshare', 'nsenter']) {
    if (spawnSync(tool, ['-V']).error !== undefined) return { reason: `${tool} is not installed` };
  }
  const ways = [
    ['unshare', '--net'],
    ['unshare', '--user', '--map-root-user', '--net'],
    ['sudo', '-n', '-E', 'unshare', '--net'],
  ];
  const [asRoot, ...asUser] = ways;
  const refusals = [];
  for (const command of process.getuid?.() === 0 ? [asRoot] : asUser) {
    const [file, ...args] = /** @type {string[]} */ (command);
    const trial = spawnSync(/** @type {string} */ (file), [...args, 'ip', 'link', 'set', 'lo', 'up'], {
      encoding: 'utf8',
    });
    if (trial.status === 0)
      return { command: /** @type {string[]} */ (command), env: { ...process.env, [marker]: '1' } };
    refusals.push(`${file}: ${trial.error?.message ?? trial.stderr.trim()}`);
  }
  return { reason: `network namespaces are not permitted here (${refusals.join('; ')})` };
};

const here = { device: 'tka0', address: '10.83.0.1', mac: '02:00:00:00:83:01' };
const there = { device: 'tka1', address: '10.83.0.2', mac: '02:00:00:00:83:02', router: '10.83.0.3' };

/** A process that holds a new network namespace: until its standard input ends, so no longer than this process. */
async function holdNamespace() {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
  return holder;
}
exports.holdNamespace = holdNamespace;

/**
 * Connects this namespace to a new one. To be called in a namespace of {@link isolation}, once.
 */
exports.connectPeerNamespace = async function connectPeerNamespace() {
  const holder = await holdNamespace();
  try {
    return connectTo(holder);
  } catch (error) {
    holder.kill();
    throw error;
  }
};

/** @param {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, null>} holder */
function connectTo(holder) {
  const enter = ['--target', String(holder.pid), '--net'];

  /** @param {string} line */
  const ip = (line) => execFileSync('ip', line.split(' '));
  /** @param {string} line */
  const peerIp = (line) => execFileSync('nsenter', [...enter, 'ip', ...line.split(' ')]);

  ip('link set lo up');
  ip(`link add ${here.device} address ${here.mac} type veth peer name ${there.device} address ${there.mac}`);
  ip(`link set ${there.device} netns ${holder.pid}`);
  ip(`addr add ${here.address}/24 dev ${here.device}`);
  ip(`link set ${here.device} up`);
  peerIp('link set lo up');
  peerIp(`addr add ${there.address}/24 dev ${there.device}`);
  peerIp(`link set ${there.device} up`);
  // Permanent, or our own kernel would notice a missing neighbour and report EHOSTUNREACH.
  ip(`neigh replace ${there.address} lladdr ${there.mac} nud permanent dev ${here.device}`);

  return {
    /** This side's address. */
    address: here.address,
    /** The peers' address. */
    peerAddress: there.address,

    /**
     * Starts a program on the peers' side.
     * @param {string} file
     * @param {readonly string[]} args
     * @param {import('node:child_process').SpawnOptions} options
     */
    spawn: (file, args, options = {}) => spawn('nsenter', [...enter, file, ...args], options),

    /** From now on packets to the peers leave and nothing answers: no FIN, no RST, no ICMP. */
    cut: () => void peerIp(`addr del ${there.address}/24 dev ${there.device}`),

    /**
     * One more address of the peers, with a cable of its own.
     * @param {number} number 1 to 99
     */
    addPeer(number) {
      const address = `10.83.0.${100 + number}`;
      const plug = (/** @type {string} */ change) => void peerIp(`addr ${change} ${address}/32 dev ${there.device}`);
      ip(`neigh replace ${address} lladdr ${there.mac} nud permanent dev ${here.device}`);
      plug('add');
      return { address, cut: () => plug('del'), mend: () => plug('add') };
    },

    /** From now on packets to the peers are answered with ICMP: no route to that host. */
    reject() {
      peerIp(`addr del ${there.address}/24 dev ${there.device}`);
      peerIp(`addr add ${there.router}/24 dev ${there.device}`);
      peerIp(`route add unreachable ${there.address}`);
      execFileSync('nsenter', [...enter, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    },

    /** Answers again; connections that were not given up go on. */
    mend() {
      if (peerIp(`route show type unreachable`).length > 0) {
        peerIp(`route del unreachable ${there.address}`);
        peerIp(`addr del ${there.router}/24 dev ${there.device}`);
      }
      peerIp(`addr add ${there.address}/24 dev ${there.device}`);
    },

    /** Ends the peers' namespace. Programs in it must have been ended before. */
    async close() {
      ip(`link del ${here.device}`);
      holder.stdin.end();
      await once(holder, 'exit');
    },
  };
}
