// The bounds of macos-timers.ts, and what a new profile does to silent peers, on connections that the model of macOS steps
// through. Nothing here has run on macOS.
import fc from 'fast-check';
import t from 'tap';
import type { Outcome, ScenarioEvent } from '../../dist/profile/kernel-model.js';
import { simulateMacos } from '../../dist/profile/macos-model.js';
import { afterMacosProbes, latestMacosVerdict, latestMacosWriteVerdict } from '../../dist/profile/macos-timers.js';
import type { ProbeTiming } from '../../dist/profile/kernel-timers.js';

const second = 1_000;
const retransmissionTimeout = 300;
const roundTrip = 20;
const runs = { numRuns: 2_000 };
/** The most seconds that a signed 32-bit number of milliseconds can hold. */
const longest = 2_147_483;

const seconds = fc.integer({ min: 1, max: 600 }).map((value) => value * second);
const timings: fc.Arbitrary<ProbeTiming> = fc.record({
  initialDelay: seconds,
  interval: seconds,
  count: fc.integer({ min: 1, max: 9 }),
});
/** How late each timer is, from a list that begins anew. */
const latenesses = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });

/** In the order of native/keepalive.cc. */
function settings(at: number, { initialDelay, interval, count }: ProbeTiming, userTimeout = 0): ScenarioEvent[] {
  return [
    { at, set: 'enabled', to: 1 },
    { at, set: 'userTimeout', to: userTimeout },
    { at, set: 'interval', to: interval },
    { at, set: 'count', to: count },
    { at, set: 'initialDelay', to: initialDelay },
  ];
}

function run(events: ScenarioEvent[], answers: (at: number) => boolean, late: readonly number[], until = 1e8): Outcome {
  let timers = 0;
  const answer = (at: number) => (answers(at) ? roundTrip : undefined);
  return simulateMacos({ events, answer, retransmissionTimeout, until }, () => late[timers++ % late.length]!);
}

const probes = ({ packets }: Outcome) => packets.filter(({ kind }) => kind === 'probe').length;
const onTime = [0];
const presence: ProbeTiming = { initialDelay: 30_000, interval: 5_000, count: 3 };

/** What native/keepalive.cc, LendLongest, sets first. */
function lent({ initialDelay, interval, count }: ProbeTiming): number {
  return Math.max(count, Math.floor((longest * second - initialDelay) / interval));
}

/** With src/keepalive/patience.ts: all of the count at first, the profile's once its probes have gone out. */
function patiently(at: number, timing: ProbeTiming): ScenarioEvent[] {
  const takenBack = at + afterMacosProbes(timing);
  return [...settings(at, { ...timing, count: lent(timing) }), { at: takenBack, set: 'count', to: timing.count }];
}

void t.test('the kernel by itself ends a live peer that was silent before, without one probe', async (t) => {
  const silence = presence.interval * presence.count;
  const outcome = run(settings(silence, presence), () => true, onTime);
  t.equal(probes(outcome), 0);
  t.strictSame(outcome.verdict, { at: silence + presence.initialDelay, by: 'count', inFlight: false });
  t.equal(run(settings(silence - second, presence), () => true, onTime, 1e6).verdict, undefined, 'a second less');
});

void t.test('with a lent count no live peer is ended, and a vanished one gets its probes', async () => {
  const silences = fc.integer({ min: 0, max: 7_000 }).map((value) => value * second);
  const lost = fc.array(fc.boolean(), { maxLength: 30 });
  const property = fc.property(timings, silences, lost, latenesses, (timing, silence, losses, late) => {
    const left = [...losses];
    const live = run(
      patiently(silence, timing),
      () => left.shift() !== true,
      late,
      silence + 4 * latestMacosVerdict(timing),
    );
    const answered = live.packets.map((packet) => packet.answered);
    const lostLast = answered.slice(answered.lastIndexOf(true) + 1).length;
    // Half a second each can add up to an interval: then the verdict is a probe early.
    const early = Math.ceil((0.5 * (timing.count + 1) * second) / timing.interval);
    if (live.verdict !== undefined && lostLast < timing.count - early) throw new Error(`${lostLast} lost`);

    const vanished = run(patiently(silence, timing), () => false, late);
    const bound = silence + latestMacosVerdict(timing) + (1 + early) * timing.interval + second;
    if (vanished.verdict === undefined || vanished.verdict.at > bound) throw new Error(`${vanished.verdict?.at}`);
    if (probes(vanished) < timing.count) throw new Error(`${probes(vanished)} probes`);
  });
  fc.assert(property, runs);
});

void t.test('no vanished peer outlives the bound, whatever is written and whenever', async () => {
  const writes = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
  const property = fc.property(timings, writes, latenesses, (timing, moments, late) => {
    const bound = latestMacosVerdict(timing);
    const events = moments.map((moment) => ({ at: moment * bound, write: true as const }));
    const { verdict } = run([...settings(0, timing), ...events], () => false, late);
    if (verdict === undefined || verdict.at > bound) throw new Error(`${verdict?.at} of ${bound}`);
  });
  fc.assert(property, runs);
});

void t.test('a user timeout only ends a connection sooner, within its own bound', async () => {
  const timeouts = fc.integer({ min: 1, max: 900 }).map((value) => value * second);
  const hours: ProbeTiming = { initialDelay: 7_200_000, interval: 75_000, count: 8 };
  const property = fc.property(timeouts, latenesses, (userTimeout, late) => {
    const events: ScenarioEvent[] = [...settings(0, hours, userTimeout), { at: second, write: true }];
    const { verdict } = run(events, () => false, late);
    const bound = second + latestMacosWriteVerdict(userTimeout, retransmissionTimeout);
    if (verdict === undefined || verdict.at > bound) throw new Error(`${verdict?.at} of ${bound}`);
  });
  fc.assert(property, runs);
});

void t.test('a peer that does not read is not ended', async (t) => {
  const events: ScenarioEvent[] = [
    ...settings(0, presence, 45_000),
    { at: second, arrives: 'closed window' },
    { at: 2 * second, write: true },
  ];
  t.equal(run(events, () => true, onTime, 1e6).verdict, undefined);
  const reads: ScenarioEvent[] = [...events, { at: 600 * second, arrives: 'open window' }];
  t.ok(run(reads, () => true, onTime, 1e6).packets.some(({ kind }) => kind === 'data'));
});

void t.test(
  '2,048 s and a count of 262,144: the sum wraps, and a live peer is dropped at the first probe time',
  async (t) => {
    const wrapping: ProbeTiming = { initialDelay: second, interval: 2_048 * second, count: 2 ** 18 };
    const outcome = run(settings(0, wrapping), () => true, onTime);
    t.equal(probes(outcome), 0);
    t.equal(outcome.verdict?.at, second);
  },
);

void t.test('without a verdict of the probes the retransmissions end a connection', async (t) => {
  const off: ScenarioEvent[] = [{ at: second, write: true }];
  t.equal(run(off, () => false, onTime).verdict?.by, 'retransmissions');
  t.equal(run(off, () => true, onTime, 1e8).verdict, undefined);
});
