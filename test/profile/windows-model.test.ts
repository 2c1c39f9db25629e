// The bounds of Windows, on connections that the model of its documentation steps through. Nothing here has run on Windows.
import fc from 'fast-check';
import t from 'tap';
import { windowsBounds } from '../../dist/profile/kernel-bounds.js';
import type { Outcome, ScenarioEvent } from '../../dist/profile/kernel-model.js';
import type { ProbeTiming } from '../../dist/profile/kernel-timers.js';
import { simulateWindows } from '../../dist/profile/windows-model.js';

const second = 1_000;
const roundTrip = 20;
const runs = { numRuns: 2_000 };
const seconds = fc.integer({ min: 1, max: 600 }).map((value) => value * second);
const timings: fc.Arbitrary<ProbeTiming> = fc.record({
  initialDelay: seconds,
  interval: seconds,
  count: fc.integer({ min: 1, max: 9 }),
});

function settings({ initialDelay, interval, count }: ProbeTiming, userTimeout = 0): ScenarioEvent[] {
  const options = { enabled: 1, initialDelay, interval, count, userTimeout };
  return Object.entries(options).map(([set, to]) => ({ at: 0, set, to }) as ScenarioEvent);
}

function run(events: ScenarioEvent[], answers: () => boolean, until = 1e8): Outcome {
  const answer = () => (answers() ? roundTrip : undefined);
  return simulateWindows({ events, answer, retransmissionTimeout: 300, until });
}

void t.test('a live peer is ended by a count of losses in a row, and by no fewer', async () => {
  const lost = fc.array(fc.boolean(), { maxLength: 40 });
  const property = fc.property(timings, lost, (timing, losses) => {
    const left = [...losses];
    const until = (losses.length + 2) * windowsBounds.idle(timing, null);
    const { packets, verdict } = run(settings(timing), () => left.shift() !== true, until);
    const answered = packets.map((packet) => packet.answered);
    const lostLast = answered.slice(answered.lastIndexOf(true) + 1).length;
    if (verdict !== undefined && lostLast !== timing.count) throw new Error(`${lostLast} lost`);
  });
  fc.assert(property, runs);
});

void t.test('no vanished peer outlives the bound, whatever is written and whenever', async () => {
  const writes = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
  const property = fc.property(timings, seconds, writes, (timing, userTimeout, moments) => {
    const idle = windowsBounds.idle(timing, userTimeout);
    const bound = idle + windowsBounds.inFlight(timing, userTimeout)!;
    const events = moments.map((moment) => ({ at: moment * idle, write: true as const }));
    const { verdict } = run([...settings(timing, userTimeout), ...events], () => false);
    if (verdict === undefined || verdict.at > bound) throw new Error(`${verdict?.at} of ${bound}`);
    if (moments.length === 0 && verdict.at > idle) throw new Error(`${verdict.at} of ${idle}`);
  });
  fc.assert(property, runs);
});

void t.test('without a user timeout a write ends with the retransmissions; answers start all anew', async (t) => {
  const presence = { initialDelay: 30_000, interval: 5_000, count: 3 };
  const write: ScenarioEvent = { at: second, write: true };
  t.strictSame(run([...settings(presence), write], () => false).verdict, {
    ...{ at: second + 300 * (2 ** 6 - 1), by: 'retransmissions', inFlight: true },
  });
  const live = run([...settings(presence), write, { at: 2 * second, arrives: 'data' }], () => true, 1e6);
  t.equal(live.verdict, undefined);
  t.equal(live.packets[1]?.at, 32 * second, 'the first probe');
  const off: ScenarioEvent[] = [...settings(presence), { at: second, set: 'enabled', to: 0 }];
  t.strictSame(run(off, () => false).packets, []);
});
