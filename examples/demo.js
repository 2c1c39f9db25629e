'use strict';
// Two push servers over TLS with the same three clients; one of the servers applies a keepalive profile. Then one client
// vanishes without a word, as phones do, and only that server notices. `npm run demo`; ends by itself.
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { applyKeepalive, defineProfile, detectionTime, readKeepalive, readSystemKeepalive } = require('tcp-keepalive');
const network = require('../test/support/network-namespace.js');
const { within } = require('./lib/deadline.js');
const { PushServer } = require('./lib/push-server.js');
const { bold, heading, hours, print, seconds, table } = require('./lib/screen.js');
const { timeline } = require('./lib/timeline.js');
const { timerBySs } = require('./lib/witness.js');

/** @typedef {Awaited<ReturnType<typeof network.connectPeerNamespace>>} Peers */
/** @typedef {import('tcp-keepalive').KeepaliveSettings} KeepaliveSettings */
/** @typedef {{ settings: KeepaliveSettings, timer: string | null }} Seen */

const profile = defineProfile({ initialDelay: 1000, interval: 1000, count: 3, userTimeout: 'match' });
const promised = detectionTime(profile).idle;

const names = ['alice', 'bob', 'carol'];
const victim = 'carol';

const exitFailed = 1;
const exitNoCable = 3;
const slowMachine = 15_000;

async function main() {
  if (network.isIsolated) return inNamespace();
  const way = network.isolation();
  if ('reason' in way) return show({ reason: way.reason });

  const [file = '', ...args] = way.command;
  const { status } = spawnSync(file, [...args, process.execPath, __filename], {
    env: way.env,
    stdio: 'inherit',
    timeout: 90_000,
  });
  if (status === exitNoCable) return show({ reason: 'the namespaces could not be connected (see above)' });
  return status ?? exitFailed;
}

async function inNamespace() {
  /** @type {Peers} */
  let peers;
  try {
    peers = await within(slowMachine, 'network namespaces', network.connectPeerNamespace());
  } catch (error) {
    console.error(/** @type {Error} */ (error).message.split('\n')[0]);
    return exitNoCable;
  }
  try {
    return await show({ peers });
  } finally {
    // They go with this process anyway.
    await within(slowMachine, 'end of the namespaces', peers.close()).catch(() => {});
  }
}

/**
 * @param {{ peers: Peers } | { reason: string }} place
 * @returns {Promise<number>} the exit code
 */
async function show(place) {
  /** @type {{ before?: Seen, after?: Seen, at: number }} */
  const carol = { at: 0 };
  const withProfile = new PushServer((socket, name) => {
    if (name === victim) carol.before = look(socket);
    applyKeepalive(socket, profile);
    if (name === victim) Object.assign(carol, { after: look(socket), at: performance.now() });
  });
  const without = new PushServer();

  /** @type {import('node:child_process').ChildProcess[]} */
  const phones = [];
  try {
    const ports = `${await withProfile.listen()},${await without.listen()}`;
    const program = join(__dirname, 'lib', 'clients.js');
    const stay = names.filter((name) => name !== victim);
    /** @type {import('node:child_process').SpawnOptions} */
    const options = { stdio: ['pipe', 'inherit', 'inherit'] };
    phones.push(spawn(process.execPath, [program, '127.0.0.1', ports, ...stay], options));
    // Only the one behind the cable can be cut off.
    phones.push(
      'peers' in place
        ? place.peers.spawn(process.execPath, [program, place.peers.address, ports, victim], options)
        : spawn(process.execPath, [program, '127.0.0.1', ports, victim], options),
    );
    const online = [withProfile, without].map((server) => server.allOnline(names));
    await within(slowMachine, 'clients online', Promise.all(online));

    introduce();
    showSettings(/** @type {Required<typeof carol>} */ (carol));
    if ('reason' in place) return showWhatIsMissing(place.reason, without);
    return await showVanishing(withProfile, without, carol.at, place.peers.cut);
  } finally {
    await Promise.all(phones.map(end));
    withProfile.close();
    without.close();
  }
}

/**
 * @param {import('node:net').Socket} socket
 * @returns {Seen}
 */
function look(socket) {
  return { settings: readKeepalive(socket), timer: timerBySs(socket) };
}

function introduce() {
  console.log(`\n${bold('tcp-keepalive')}: two push servers over TLS, ${names.join(', ')} online on both.`);
  console.log('One of them does this for each client, the other does nothing:\n');
  const { initialDelay, interval, count, userTimeout } = profile;
  print(
    `applyKeepalive(socket, { initialDelay: ${initialDelay}, interval: ${interval}, count: ${count}, userTimeout: '${userTimeout}' })`,
  );
}

/** @param {{ before: Seen, after: Seen }} carol */
function showSettings({ before, after }) {
  heading(`1. What the kernel holds for ${victim}'s connection`);
  /** @param {keyof KeepaliveSettings} field */
  const row = (field, meaning = '') => [
    field,
    before.settings[field] ?? 'none here',
    after.settings[field] ?? 'none here',
    meaning,
  ];
  table([
    ['readKeepalive', 'before', 'after', ''],
    row('enabled'),
    row('initialDelay', 'ms of silence before the first probe'),
    row('interval', 'ms between unanswered probes'),
    row('count', 'unanswered probes until the client counts as dead'),
    row('userTimeout', 'ms that sent data may stay unacknowledged'),
    before.timer === null || after.timer === null
      ? ['ss -tno', 'not on this machine: no second witness']
      : ['ss -tno', before.timer, after.timer],
  ]);
}

/**
 * @param {PushServer} withProfile
 * @param {PushServer} without
 * @param {number} appliedAt
 * @param {() => void} cut
 */
async function showVanishing(withProfile, without, appliedAt, cut) {
  heading(`2. Live: ${victim}'s phone loses its network: no FIN, no RST, nobody tells the servers`);
  // The detection counts from the last answered probe, we measure from the cut: half-way between two is the average.
  const { initialDelay } = profile;
  await sleep(initialDelay * 1.5 - ((performance.now() - appliedAt) % initialDelay));
  const duration = promised + 1_000;
  const deadline = promised + slowMachine;
  const verdict = await timeline({ withProfile, without, names, victim, cut, duration, deadline });

  heading('3. Result');
  const noticed = verdict?.reason === 'ETIMEDOUT';
  const believes = without.clients.has(victim);
  const othersStay = names.every((name) => name === victim || [withProfile, without].every((s) => s.clients.has(name)));
  const outcome = verdict
    ? `${victim} gone after ${seconds(verdict.after)} with ${verdict.reason}`
    : `NOT NOTICED within ${seconds(deadline)}`;
  table([
    ['with profile', `${outcome}; detectionTime() promised ${seconds(promised)}`],
    ['without', believes ? `still believes in ${victim}: ${beliefOf(without)}` : `UNEXPECTED: lost ${victim} too`],
    ['Node alone', `setKeepAlive(true) with this system's timing: ${hours(systemDetectionTime())}`],
    ...(othersStay ? [] : [['others', 'UNEXPECTED: a client that did not vanish was lost']]),
  ]);
  console.log();
  return noticed && believes && othersStay ? 0 : exitFailed;
}

/**
 * @param {string} reason
 * @param {PushServer} without
 */
function showWhatIsMissing(reason, without) {
  heading(`2. Not shown here: ${victim} vanishes`);
  table([
    ['why', reason],
    ['needed', 'Linux with ip, unshare, nsenter; root, or namespaces permitted to users'],
    ['with profile', `${victim} would be noticed after ${seconds(promised)} at the latest, by detectionTime()`],
    ['without', `would believe in ${victim}: ${beliefOf(without)}`],
    ['Node alone', `setKeepAlive(true) with this system's timing: ${hours(systemDetectionTime())}`],
  ]);
  console.log();
  return 0;
}

/**
 * How long a server believes in a silent client, as its own kernel has it.
 * @param {PushServer} server
 */
function beliefOf(server) {
  const socket = server.clients.get(victim);
  const enabled = socket !== undefined && readKeepalive(socket).enabled;
  return enabled ? 'until the probes of this system end' : 'for ever while it sends nothing (keepalive off)';
}

/** Not by detectionTime(): a system may be set to what no profile can hold. */
function systemDetectionTime() {
  const { initialDelay, interval, count } = readSystemKeepalive();
  return Math.max(initialDelay, interval) + interval * count;
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await within(slowMachine, 'end of the clients', exit);
}

main()
  .catch((error) => {
    console.error(error);
    return exitFailed;
  })
  .then((code) => {
    process.exitCode = code;
    setTimeout(() => process.exit(), 1_000).unref();
  });
