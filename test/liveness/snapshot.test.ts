// The histogram of a snapshot, held against the kernel's answers for every socket.
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { LivenessMonitor, lastHeard } from 'tcp-keepalive';
import { poll } from '../support/poll';
import { generator } from '../support/random.js';
import { tcpPair } from '../support/sockets';

const linux = process.platform !== 'linux' && 'Linux tells when a peer was heard';
const checkEvery = 20;

/** Sockets whose peers were heard at two times, in random order. */
async function twoAges(t: Test, older: number, younger: number): Promise<Socket[]> {
  const random = generator(1);
  const sockets: Socket[] = [];
  const open = async (count: number) => {
    const pairs = await Promise.all(Array.from({ length: count }, () => tcpPair(t)));
    sockets.push(...pairs.map(({ accepted }) => accepted));
  };
  await open(older);
  await delay(5_500);
  await open(younger);
  await delay(1_200);
  return sockets
    .map((socket) => ({ socket, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ socket }) => socket);
}

function fullCount(sockets: readonly Socket[], bounds: readonly number[]): number[] {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  for (const socket of sockets) {
    const age = lastHeard(socket)!;
    const place = bounds.findIndex((bound) => age <= bound);
    counts[place === -1 ? bounds.length : place]! += 1;
  }
  return counts;
}

async function watchedFor(t: Test, sockets: readonly Socket[]): Promise<LivenessMonitor> {
  const monitor = new LivenessMonitor({ silentAfter: 3_600_000, checkEvery });
  t.teardown(() => monitor.stop());
  for (const socket of sockets) monitor.watch(socket);
  await poll('all known', () => monitor.snapshot().unknown === 0);
  return monitor;
}

void t.test('of up to 192 sockets it is a full count', { skip: linux }, async (t) => {
  const sockets = await twoAges(t, 150, 42);
  const monitor = await watchedFor(t, sockets);
  await delay(2 * checkEvery);
  const { bounds, counts, sampled } = monitor.snapshot().lastHeard;
  t.equal(sampled, sockets.length);
  t.strictSame(counts, fullCount(sockets, bounds));
  t.strictSame(counts.slice(1, 3), [42, 150]);
});

void t.test('of more it is a sample: as near as it is said to be', { skip: linux }, async (t) => {
  const sockets = await twoAges(t, 700, 300);
  const monitor = await watchedFor(t, sockets);
  const shares: number[] = [];
  for (let i = 0; i < 60; i += 1) {
    await delay(checkEvery + 2);
    const { counts, sampled } = monitor.snapshot().lastHeard;
    t.equal(sampled, 192);
    t.equal(
      counts.reduce((sum, count) => sum + count, 0),
      sockets.length,
    );
    shares.push(counts[2]! / sockets.length);
  }
  const full = fullCount(sockets, monitor.snapshot().lastHeard.bounds);
  t.strictSame(full.slice(1, 3), [300, 700], 'the ages have not left their ranges');
  const near = shares.filter((share) => Math.abs(share - 0.7) <= 0.07).length;
  t.ok(near >= shares.length * 0.9, `${near} of ${shares.length} are at most 7 percentage points off`);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  t.ok(Math.abs(mean - 0.7) < 0.02, `0.7 on average: ${mean}`);
  t.ok(new Set(shares).size > 1, 'they differ');
});
