// A live connection, really cut: packets leave and nothing answers. Runs again inside a private network namespace.
import { on } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  applyKeepalive,
  defineProfile,
  detectionTime,
  disableKeepalive,
  lastHeard,
  readTcpInfo,
  type KeepaliveProfile,
} from 'tcp-keepalive';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { poke } from '../support/oracle';
import { inNamespace } from '../support/rerun';
import { listening } from '../support/sockets';

interface Death {
  readonly code: string | undefined;
  readonly syscall: string | undefined;
  /** Milliseconds after the cut. */
  readonly after: number;
}

const probes = defineProfile({ initialDelay: 1_000, interval: 1_000, count: 3 });
const withTimeout = defineProfile({ ...probes, userTimeout: 'match' });
const fiveProbes = defineProfile({ initialDelay: 1_000, interval: 1_000, count: 5 });
const { idle: promised } = detectionTime(withTimeout);
const { idle: promisedByFive } = detectionTime(fiveProbes);

// What a verdict may take beyond its time before the test calls it late: these machines are shared.
const room = 3_000;
const longest = 2 * promised + room;

inNamespace(
  __filename,
  () => void t.test('a silent peer is noticed in detectionTime, and only with a profile', cutAndMeasure),
);

async function cutAndMeasure(t: Test): Promise<void> {
  const network = await connectPeerNamespace();
  const server = net.createServer();
  const port = await listening(t, server, { host: network.address });
  const names = [
    'probed',
    'probed, by hand',
    'in flight',
    'in flight, no user timeout',
    'reapplied',
    'nothing',
    'disabled',
    'idle for long',
    'enabled, idle for long',
    'silent for long',
  ] as const;
  const peers = network.spawn(
    process.execPath,
    [require.resolve('../support/peers.js'), network.address, String(port), String(names.length)],
    { stdio: 'inherit' },
  );
  t.teardown(async () => {
    peers.kill('SIGKILL');
    for (const socket of Object.values(sockets)) socket.destroy();
    await network.close();
  });

  const sockets = {} as Record<(typeof names)[number], Socket>;
  const remaining = [...names];
  for await (const [socket] of on(server, 'connection') as AsyncIterable<[Socket]>) {
    sockets[remaining.shift()!] = socket;
    if (remaining.length === 0) break;
  }

  await t.test('a change of profile starts the silence anew: no probe at once', (t) => firstProbes(t, sockets));

  const apply = (name: (typeof names)[number], profile: KeepaliveProfile) => applyKeepalive(sockets[name], profile);
  apply('probed', withTimeout);
  apply('in flight', withTimeout);
  apply('in flight, no user timeout', probes);
  apply('reapplied', fiveProbes);
  apply('disabled', withTimeout);
  disableKeepalive(sockets.disabled);
  poke(sockets['probed, by hand'], 'TCP_KEEPIDLE', 1);
  poke(sockets['probed, by hand'], 'TCP_KEEPINTVL', 1);
  poke(sockets['probed, by hand'], 'TCP_KEEPCNT', 3);
  poke(sockets['probed, by hand'], 'SO_KEEPALIVE', 1);
  await delay(promised + 500);
  t.notOk(
    Object.values(sockets).some(({ destroyed }) => destroyed),
    'while the peers answer, nobody is given up',
  );

  t.ok(lastHeard(sockets.probed)! < 1_500, `an answer to a probe is heard: ${lastHeard(sockets.probed)} ms ago`);
  t.ok(lastHeard(sockets.nothing)! > promised, `without probes there is silence: ${lastHeard(sockets.nothing)} ms`);

  network.cut();
  // Nothing was heard from this one for longer than its user timeout.
  apply('silent for long', withTimeout);
  const cutAt = performance.now();
  sockets['in flight'].write('x');
  sockets['in flight, no user timeout'].write('x');
  const again = setInterval(() => {
    if (!sockets.reapplied.destroyed) applyKeepalive(sockets.reapplied, fiveProbes);
  }, 100);
  const deaths = Object.fromEntries(names.map((name) => [name, death(sockets[name], cutAt)]));

  await delay(2_500);
  t.ok(lastHeard(sockets.reapplied)! >= 2_400, `nothing was heard since: ${lastHeard(sockets.reapplied)} ms`);
  t.ok(readTcpInfo(sockets.reapplied).unansweredProbes! >= 1, 'probes are unanswered');
  t.ok(readTcpInfo(sockets['in flight, no user timeout']).retransmits! >= 1, 'data is sent again');

  const noticed = async (name: (typeof names)[number], time: number) => {
    const { code, syscall, after } = (await deaths[name]) ?? { code: 'not noticed', syscall: '', after: Infinity };
    t.match({ code, syscall }, { code: 'ETIMEDOUT', syscall: 'read' }, name);
    // The last answer may be as old as the last probe.
    t.ok(after > time - 1_500 && after < time + room, `${name}: promised ${time} ms, took ${Math.round(after)} ms`);
  };
  await noticed('probed', promised);
  await noticed('probed, by hand', promised);
  await noticed('in flight', promised);
  // Not after 4 s but with the first probe that stays unanswered: docs/pitfalls.md.
  await noticed('silent for long', withTimeout.initialDelay + withTimeout.interval);
  await noticed('reapplied', promisedByFive);
  clearInterval(again);
  for (const name of ['in flight, no user timeout', 'nothing', 'disabled'] as const) {
    t.equal(await deaths[name], undefined, `${name}: still believed in ${longest} ms after the cut`);
  }
}

function death(socket: Socket, cutAt: number): Promise<Death | undefined> {
  return new Promise((resolve) => {
    const deadline = setTimeout(resolve, longest, undefined);
    socket.once('error', ({ code, syscall }: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      resolve({ code, syscall, after: performance.now() - cutAt });
    });
  });
}

/** Keepalive probes that this network namespace has sent (TcpExt: TCPKeepAlive). */
function probesSent(): number {
  const [names, values] = readFileSync('/proc/net/netstat', 'utf8').split('\n', 2) as [string, string];
  return Number(values.split(' ')[names.split(' ').indexOf('TCPKeepAlive')]);
}

async function firstProbes(t: Test, sockets: Record<'idle for long' | 'enabled, idle for long', Socket>) {
  const slow = { initialDelay: 3_000, interval: 1_000, count: 3 };
  const socket = sockets['idle for long'];
  const enabled = sockets['enabled, idle for long'];
  applyKeepalive(enabled, { ...slow, initialDelay: 60_000 });
  await delay(slow.initialDelay + 500);
  t.equal(probesSent(), 0);
  applyKeepalive(socket, slow);
  applyKeepalive(enabled, slow);
  await delay(slow.initialDelay / 2);
  t.equal(probesSent(), 0, `idle for ${slow.initialDelay} ms and more, and not probed yet`);
  await delay(slow.initialDelay);
  t.equal(probesSent(), 2, 'probed after one initial delay');
  disableKeepalive(socket);
  disableKeepalive(enabled);
}
