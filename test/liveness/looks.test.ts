// How often the kernel is asked, and how late a change is told, by what the interposer saw.
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { LivenessMonitor, applyKeepalive, type LivenessOptions } from 'tcp-keepalive';
import { fdOf, oracle } from '../support/oracle';
import { poll } from '../support/poll';
import { generator } from '../support/random.js';
import { withInterposer } from '../support/rerun';
import { tcpPair, type Pair } from '../support/sockets';

/** For the event loop of a machine that does other things too. */
const room = 300;

withInterposer(__filename, () => {
  void t.test('a peer that answers probes is looked at once in each probe period', answering);
  void t.test('no traffic has a peer looked at more than twice in silentAfter', speaking);
  void t.test('silent ones are looked at in each checkEvery', silentOnes);
  void t.test('a change is told within one checkEvery', lateness);
  void t.test('a snapshot asks about at most 192 sockets, once in a checkEvery', snapshots);
});

function pairs(t: Test, count: number): Promise<Pair[]> {
  return Promise.all(Array.from({ length: count }, () => tcpPair(t)));
}

/** The sides that are watched. */
function acceptedOf(peers: readonly Pair[]): Socket[] {
  return peers.map(({ accepted }) => accepted);
}

function monitorOf(t: Test, options: LivenessOptions, sockets: readonly Socket[]): LivenessMonitor {
  const monitor = new LivenessMonitor(options);
  t.teardown(() => monitor.stop());
  for (const socket of sockets) monitor.watch(socket);
  return monitor;
}

/** The descriptors that the kernel was asked about since the last time. */
function looks(): number[] {
  const calls = oracle.takeCalls();
  const asked = calls.filter(
    ([, set, level, name]) => set === 0 && level === oracle.IPPROTO_TCP && name === oracle.TCP_INFO,
  );
  return asked.map(([descriptor]) => descriptor!);
}

/** Milliseconds that it took. */
async function counted(milliseconds: number, each: (descriptors: number[]) => void): Promise<number> {
  const start = performance.now();
  while (performance.now() < start + milliseconds) {
    await delay(5);
    each(looks());
  }
  return performance.now() - start;
}

async function answering(t: Test): Promise<void> {
  const sockets = acceptedOf(await pairs(t, 100));
  const period = 1_000;
  for (const socket of sockets) applyKeepalive(socket, { initialDelay: period, interval: 1_000, count: 9 });
  const monitor = monitorOf(t, { silentAfter: 1_800, checkEvery: 50 }, sockets);
  monitor.on('silent', (_, milliseconds) => t.comment(`silent for ${milliseconds} ms`));
  await poll('all known', () => monitor.snapshot().unknown === 0);
  let count = 0;
  await delay(period);
  looks();
  const took = await counted(6_000, ({ length }) => (count += length));
  t.equal(monitor.snapshot().silent, 0);
  // The first and the last period are cut.
  const most = sockets.length * (took / period + 1);
  t.ok(count <= most, `${count} looks in ${Math.round(took)} ms, at most ${Math.round(most)}`);
  t.ok(count > sockets.length * 3, 'and it does look');
}

async function speaking(t: Test): Promise<void> {
  const random = generator(2);
  const peers = await pairs(t, 50);
  const silentAfter = 1_000;
  for (const { accepted } of peers) accepted.resume();
  const monitor = monitorOf(t, { silentAfter, checkEvery: 20 }, acceptedOf(peers));
  const wereSilent = new Set<Socket>();
  monitor.on('silent', (socket) => wereSilent.add(socket));
  const speak = (client: Socket) => {
    if (client.destroyed) return;
    client.write('x');
    setTimeout(speak, random() * 0.8 * silentAfter, client);
  };
  for (const { client } of peers) speak(client);
  const times = new Map<number, number[]>(peers.map(({ accepted }) => [fdOf(accepted), []]));
  await poll('all known', () => monitor.snapshot().unknown === 0);
  looks();
  await counted(6_000, (descriptors) => {
    for (const descriptor of descriptors) times.get(descriptor)?.push(performance.now());
  });
  let checked = 0;
  const early: number[] = [];
  for (const { accepted, client } of peers) {
    client.destroy();
    if (wereSilent.has(accepted)) continue;
    const seen = times.get(fdOf(accepted))!;
    for (let i = 2; i < seen.length; i += 1) {
      checked += 1;
      const between = seen[i]! - seen[i - 2]!;
      if (between < silentAfter - 50) early.push(between);
    }
  }
  t.strictSame(early, [], 'milliseconds between three looks');
  t.ok(checked > 150, `${checked} looks`);
}

async function silentOnes(t: Test): Promise<void> {
  const sockets = acceptedOf(await pairs(t, 20));
  const checkEvery = 100;
  const monitor = monitorOf(t, { silentAfter: 100, checkEvery }, sockets);
  await poll('all silent', () => monitor.snapshot().silent === sockets.length);
  looks();
  let count = 0;
  const took = await counted(3_000, ({ length }) => (count += length));
  const rounds = count / sockets.length;
  t.ok(rounds <= took / checkEvery + 2, `${rounds} rounds in ${took} ms`);
  t.ok(rounds >= took / checkEvery / 2);
}

async function lateness(t: Test): Promise<void> {
  const peers = await pairs(t, 40);
  for (const { accepted } of peers) accepted.resume();
  const silentAfter = 1_500;
  const checkEvery = 700;
  const monitor = monitorOf(t, { silentAfter, checkEvery }, acceptedOf(peers));
  const spokeAt = new Map<Socket, number>();
  const random = generator(3);
  let silent = 0;
  let heard = 0;
  const late: string[] = [];
  monitor.on('silent', (socket, milliseconds) => {
    silent += 1;
    if (milliseconds >= silentAfter + checkEvery + room) late.push(`silent for ${milliseconds}`);
    const peer = peers.find(({ accepted }) => accepted === socket);
    setTimeout(() => {
      spokeAt.set(socket, performance.now());
      peer?.client.write('x');
    }, random() * checkEvery);
  });
  monitor.on('heard', (socket) => {
    heard += 1;
    const after = performance.now() - spokeAt.get(socket)!;
    if (after >= checkEvery + room) late.push(`heard after ${after}`);
  });
  await poll('each twice', () => heard >= 2 * peers.length);
  t.strictSame(late, [], `${silent} silences`);

  await t.test('also of a peer that was silent before it was watched', async (t) => {
    const { accepted } = await tcpPair(t);
    await delay(silentAfter);
    const start = performance.now();
    const told = new Promise<number>((resolve) => {
      monitor.on('silent', (socket) => {
        if (socket === accepted) resolve(performance.now() - start);
      });
    });
    monitor.watch(accepted);
    const after = await told;
    t.ok(after < checkEvery + room, `${after} ms`);
  });
}

async function snapshots(t: Test): Promise<void> {
  const sockets = acceptedOf(await pairs(t, 300));
  const monitor = monitorOf(t, { silentAfter: 3_600_000, checkEvery: 2_000 }, sockets);
  looks();
  t.equal(monitor.snapshot().lastHeard.sampled, 0);
  t.equal(looks().length, 0, 'nothing is known yet');
  await poll('all known', () => monitor.snapshot().unknown === 0);
  looks();
  await delay(2_100);
  for (let i = 0; i < 20; i += 1) monitor.snapshot();
  t.equal(looks().length, 192);
  t.equal(monitor.snapshot().lastHeard.sampled, 192);
}
