// The bounds of kernel-timers.ts on connections that the model of Linux steps through.
import fc from 'fast-check';
import t from 'tap';
import type { Outcome, Scenario, ScenarioEvent } from '../../dist/profile/kernel-model.js';
import {
  clockRates,
  latestIdleVerdict,
  latestWriteVerdict,
  longestRetransmissionTimeout,
  roomForSilence,
  userTimeoutForCount,
  type ProbeTiming,
} from '../../dist/profile/kernel-timers.js';
import type { LinuxClock } from '../../dist/profile/linux-clock.js';
import { simulateLinux } from '../../dist/profile/linux-model.js';

const second = 1_000;
const roundTrip = 20;
const retransmissionTimeout = 200;

const seconds = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2_000 }));
const timings: fc.Arbitrary<ProbeTiming> = fc.record({
  initialDelay: seconds.map((value) => value * second),
  interval: seconds.map((value) => value * second),
  count: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 127 })),
});
/** Where the user timeout of 'match' is least above the time of the last probe, a little more misses the verdict. */
const tight: fc.Arbitrary<ProbeTiming> = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }))
  .map(([time, count]) => ({ initialDelay: time * second, interval: time * second, count }));
const clocks: fc.Arbitrary<LinuxClock> = fc.record({
  rate: fc.constantFrom(...clockRates),
  jiffies: fc.integer({ min: 0, max: 2 ** 24 }),
});

/** A path that loses some packets, and all of them from a moment on. */
interface Path {
  readonly losses: readonly boolean[];
  /** In parts of the promise, as are the times of what happens. */
  readonly vanishes: number;
}
const moments = fc.double({ min: 0, max: 3, noNaN: true });
const paths: fc.Arbitrary<Path> = fc.record({ losses: fc.array(fc.boolean(), { maxLength: 40 }), vanishes: moments });
const occurrences = fc.array(
  fc.record({ moment: moments, what: fc.constantFrom('write' as const, 'acknowledgement' as const, 'data' as const) }),
  { maxLength: 4 },
);

const runs = { numRuns: 3_000 };

function settings({ initialDelay, interval, count }: ProbeTiming, userTimeout: number, at = 0): ScenarioEvent[] {
  return [
    { at, set: 'userTimeout', to: userTimeout },
    { at, set: 'interval', to: interval },
    { at, set: 'count', to: count },
    { at, set: 'initialDelay', to: initialDelay },
    { at, set: 'enabled', to: 1 },
  ];
}

function answers({ losses }: Path, vanishes: number): Scenario['answer'] {
  const left = [...losses];
  return (at) => (at >= vanishes || left.shift() === true ? undefined : roundTrip);
}

function run(events: ScenarioEvent[], answer: Scenario['answer'], until: number, clock: LinuxClock): Outcome {
  return simulateLinux({ events, answer, retransmissionTimeout, until }, clock);
}

/** Probes since the peer was last heard. */
function unansweredProbes({ packets, heard }: Outcome): number {
  return packets.filter(({ at, kind }) => kind === 'probe' && at >= heard.at(-1)!).length;
}

function lastWrite({ packets }: Outcome): number {
  return packets.filter(({ kind }) => kind === 'data').at(-1)?.at ?? NaN;
}

void t.test("with 'match' no connection ends before count probes or a user timeout of silence", async () => {
  fc.assert(
    fc.property(timings, clocks, paths, occurrences, (timing, clock, path, happens) => {
      const userTimeout = userTimeoutForCount(timing);
      const promise = latestIdleVerdict(timing, userTimeout);
      const vanishes = path.vanishes * promise;
      const events = happens.map(({ moment, what }): ScenarioEvent => {
        if (what === 'write') return { at: moment * promise, write: true };
        return { at: Math.min(moment * promise, vanishes), arrives: what };
      });
      const until = vanishes + 10 * promise;
      const outcome = run([...settings(timing, userTimeout), ...events], answers(path, vanishes), until, clock);

      const { verdict } = outcome;
      if (verdict === undefined) return false;
      const inFlight = latestWriteVerdict(userTimeout, retransmissionTimeout);
      if (!verdict.inFlight) {
        return unansweredProbes(outcome) >= timing.count && verdict.at - outcome.heard.at(-1)! <= promise;
      }
      const waited = verdict.at - lastWrite(outcome);
      const noticed = verdict.at - outcome.heard.at(-1)! <= promise + inFlight;
      return waited >= userTimeout && waited <= inFlight && noticed;
    }),
    runs,
  );
});

void t.test('timers that run a tick late cost no connection a probe', async () => {
  fc.assert(
    fc.property(timings, clocks, fc.infiniteStream(fc.nat(1)), (timing, clock, delays) => {
      const count = Math.min(timing.count, 12);
      const late = { ...clock, softirqDelay: () => delays.next().value as number };
      const userTimeout = userTimeoutForCount({ ...timing, count });
      const outcome = run(settings({ ...timing, count }, userTimeout), () => undefined, 1e9, late);
      return outcome.verdict !== undefined && unansweredProbes(outcome) >= count;
    }),
    runs,
  );
});

void t.test('any user timeout, and no user timeout', async () => {
  const userTimeouts = fc.oneof(fc.constant(0), fc.integer({ min: 1_000, max: 4_000_000 }));
  fc.assert(
    fc.property(timings, userTimeouts, clocks, paths, (timing, userTimeout, clock, path) => {
      const promise = latestIdleVerdict(timing, userTimeout);
      const vanishes = path.vanishes * promise;
      const outcome = run(settings(timing, userTimeout), answers(path, vanishes), vanishes + 10 * promise, clock);
      return outcome.verdict !== undefined && outcome.verdict.at - outcome.heard.at(-1)! <= promise;
    }),
    runs,
  );
});

void t.test('a connection that is re-tuned, with time lent and its clock started anew', async () => {
  fc.assert(
    fc.property(
      timings,
      fc.oneof(timings, tight),
      fc.boolean(),
      fc.boolean(),
      clocks,
      paths,
      fc.integer({ min: -10, max: 10 }),
      (before, other, same, match, clock, path, rounded) => {
        const after = same ? { ...other, initialDelay: before.initialDelay } : other;
        const first = match ? userTimeoutForCount(before) : 0;
        const call = path.vanishes * latestIdleVerdict(before, first);
        const answer = answers(path, call - roundTrip);
        const known = new Map<number, number | undefined>();
        const always = (at: number) =>
          known.get(at) ?? (known.has(at) ? undefined : (known.set(at, answer(at)), known.get(at)));
        const earlier = run(settings(before, first), always, call, clock);
        fc.pre(earlier.verdict === undefined);

        const userTimeout = userTimeoutForCount(after);
        const silence = Math.floor(call - earlier.heard.at(-1)!) + rounded;
        // As native/keepalive.cc lends it.
        const lent = silence > roomForSilence(after, userTimeout) ? silence - 20 : 0;
        const restart: ScenarioEvent[] = [
          { at: call, set: 'enabled', to: 0 },
          ...settings(after, userTimeout + lent, call),
        ];
        const promise = latestIdleVerdict(after, userTimeout);
        const outcome = run([...settings(before, first), ...restart], always, call + 10 * promise, clock);
        const probes = outcome.packets.filter(({ at, kind }) => kind === 'probe' && at >= call).length;
        const taken = (outcome.verdict?.at ?? Infinity) - call;
        return probes >= after.count && taken <= promise;
      },
    ),
    runs,
  );
});

/** What TCP_INFO tells of data that was retransmitted. Times in milliseconds. */
function retransmitted(
  { packets }: Outcome,
  call: number,
): { timer: number; since: number; elapsed: number } | undefined {
  const sent = packets.filter(({ kind }) => kind === 'retransmission');
  const times = sent.length - 1; // the first is a loss probe
  const timer = retransmissionTimeout * 2 ** times;
  if (times < 1 || timer >= longestRetransmissionTimeout) return undefined;
  const since = call - sent.at(-1)!.at;
  return { timer, since, elapsed: since + 1.125 * (timer - 2 * retransmissionTimeout) };
}

/** As native/keepalive.cc has it: until the first retransmission after that time was answered, at the latest. */
function untilAnswered({ timer, since }: { timer: number; since: number }, patience: number): number {
  let [latest, earliest] = [1.125 * timer - since, timer - since];
  for (let next = 2 * timer; earliest < patience; next *= 2) {
    earliest += Math.min(next, longestRetransmissionTimeout);
    latest += 1.125 * Math.min(next, longestRetransmissionTimeout);
  }
  return latest + second;
}

void t.test(
  'a connection that is re-tuned with data in flight: it is sent once more after the last probe',
  async () => {
    const ages = fc.double({ min: 0.3, max: 100, noNaN: true });
    fc.assert(
      fc.property(timings, ages, fc.boolean(), clocks, (timing, age, alive, clock) => {
        const after = { ...timing, count: Math.min(timing.count, 12) };
        const written = 5_000;
        const call = written + age * second;
        const before: ScenarioEvent[] = [
          ...settings({ initialDelay: 30_000 * second, interval: 60_000, count: 9 }, 2_000_000_000),
          { at: written, write: true },
        ];
        const owed = retransmitted(
          run(before, () => undefined, call, clock),
          call,
        );
        fc.pre(owed !== undefined);
        const patience = after.initialDelay + (after.count - 1) * after.interval;
        const wanted = Math.max(userTimeoutForCount(after), untilAnswered(owed, patience));
        const userTimeout = Math.ceil(wanted + owed.elapsed + 20);
        const answer = (at: number) => (alive && at >= call + patience ? roundTrip : undefined);
        const events = [...before, { at: call, set: 'enabled', to: 0 } as const, ...settings(after, userTimeout, call)];
        const until = call + (alive ? 10 * wanted : 1e9);
        const { packets, verdict } = run(events, answer, until, clock);
        if (alive) return verdict === undefined;
        const again = packets.filter(({ at, kind }) => kind === 'retransmission' && at >= call + patience);
        const taken = verdict!.at - call;
        return again.length > 0 && taken >= wanted && taken <= 1.125 * (wanted + owed.elapsed) + 40;
      }),
      runs,
    );
  },
);

/** The fewest probes at the worst moment of the worst clock. */
function fewestProbes(timing: ProbeTiming, userTimeout: number): number {
  const counts = clockRates.flatMap((rate) =>
    Array.from({ length: 128 }, (_, phase) =>
      unansweredProbes(run(settings(timing, userTimeout), () => undefined, 1e9, { rate, jiffies: phase * 37 })),
    ),
  );
  return Math.min(...counts);
}

void t.test('a smaller user timeout is not enough', async (t) => {
  const timing = { initialDelay: 33_000, interval: 1_000, count: 3 };
  t.equal(fewestProbes(timing, userTimeoutForCount(timing)), 3);
  t.equal(fewestProbes(timing, userTimeoutForCount(timing) - 500), 2);
  t.equal(fewestProbes(timing, 36_000), 1, 'initialDelay + interval * count');
});

/** The slowest verdict at many moments of a clock. */
function slowest(events: ScenarioEvent[], rate: number): number {
  const verdicts = Array.from({ length: 500 }, (_, phase) => {
    const clock = { rate, jiffies: phase * 67 };
    return run(events, () => undefined, 1e9, clock).verdict!.at;
  });
  return Math.max(...verdicts);
}

void t.test('the bounds are reached', async (t) => {
  const isReached = (taken: number, bound: number, what: string) =>
    t.ok(taken <= bound && taken > 0.99 * bound, `${taken} of ${bound} ${what}`);
  const timing = { initialDelay: 33_000, interval: 1_000, count: 3 };
  for (const userTimeout of [0, 12_000, 36_000, userTimeoutForCount(timing)]) {
    const taken = slowest(settings(timing, userTimeout), 1_000);
    isReached(taken, latestIdleVerdict(timing, userTimeout), `with a user timeout of ${userTimeout}`);
  }
  const written = 50;
  const userTimeout = 23_254; // no whole number of ticks
  const taken = slowest([...settings(timing, userTimeout), { at: written, write: true }], 100) - written;
  isReached(taken, latestWriteVerdict(userTimeout, retransmissionTimeout), 'after a write');
});

void t.test('what the kernel does without a user timeout, or with a window that stays closed', async (t) => {
  const timing = { initialDelay: 5_000, interval: 2_000, count: 3 };
  const clock = { rate: 250, jiffies: 0 };
  const write: ScenarioEvent = { at: 1_000, write: true };

  const hanging = run([...settings(timing, 0), write], () => undefined, 1e9, clock).verdict;
  t.match(hanging, { by: 'retransmissions', inFlight: true });
  t.ok(
    hanging!.at > 924_000 && hanging!.at < 1_000_000,
    `a write to a vanished peer: ${hanging!.at} ms; measured: 935 s`,
  );

  const closed: ScenarioEvent = { at: 500, arrives: 'closed window' };
  const slowReader = run([...settings(timing, 5_000), closed, write], () => roundTrip, 1e6, clock).verdict;
  t.match(slowReader, { by: 'user timeout', inFlight: true });
  t.ok(slowReader!.at - 1_000 > 5_000 && slowReader!.at - 1_000 < 5_700, `a slow reader: ${slowReader!.at} ms`);
  const patient = run([...settings(timing, 0), closed, write], () => roundTrip, 1e6, clock).verdict;
  t.equal(patient, undefined, 'without a user timeout a slow reader is left alone');
  const open: ScenarioEvent = { at: 4_000, arrives: 'open window' };
  const opened = run([...settings(timing, 5_000), closed, write, open], () => roundTrip, 1e6, clock).verdict;
  t.equal(opened, undefined, 'as is one that reads on in time');
});

void t.test('data that the peer sends by itself does not answer probes: tcp_rcv_established', async (t) => {
  const timing = { initialDelay: 5_000, interval: 2_000, count: 3 };
  const data: ScenarioEvent = { at: 8_000, arrives: 'data' };
  const clock = { rate: 250, jiffies: 0 };
  const byCount = run([...settings(timing, 0), data], () => undefined, 1e6, clock);
  t.equal(unansweredProbes(byCount), 1, 'by the count alone a live connection has fewer');
  const byTime = run([...settings(timing, userTimeoutForCount(timing)), data], () => undefined, 1e6, clock);
  t.ok(unansweredProbes(byTime) >= 3, "with 'match' it has all of them");
});
