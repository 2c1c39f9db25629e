// How late Linux's timers can be, and what follows for a profile, without any code of src/. From kernel/time/timer.c
// (levels of 64 buckets, each eight times as wide as those of the level before), net/ipv4/tcp_timer.c and tcp_output.c.
// Whole numbers only: times are in thirds of a millisecond, of which a tick has 30, 12, 10 or 3.

interface Timing {
  readonly initialDelay: number;
  readonly interval: number;
  readonly count: number;
}

const clocks = [100, 250, 300, 1_000].map((rate) => ({ rate, tick: 3_000 / rate }));
type Clock = (typeof clocks)[number];

/** [the shortest timer of a level, the width of its buckets], in ticks. */
const levels = [
  [0, 1],
  [63, 8],
  [504, 64],
  [4_032, 512],
  [32_256, 4_096],
  [258_048, 32_768],
  [2_064_384, 262_144],
  [16_515_072, 2_097_152],
] as const;

/** The width of the bucket of a timer, in thirds. */
function width(time: number, { tick }: Clock): number {
  return levels.findLast(([shortest]) => time >= shortest * tick)![1] * tick;
}

/** When a timer fires at the latest, in thirds. */
function fires(milliseconds: number, clock: Clock): number {
  return milliseconds * 3 + width(milliseconds * 3, clock);
}

function slowest(time: (clock: Clock) => number): number {
  return Math.ceil(Math.max(...clocks.map(time)) / 3);
}

/** When a timer fires at the latest, rounded up to milliseconds. */
export function latest(milliseconds: number): number {
  return slowest((clock) => fires(milliseconds, clock));
}

/** The latest `number`-th probe in a row, rounded up to milliseconds. With a count of one less it is the verdict. */
export function latestProbe(timing: Timing, number: number): number {
  return slowest((clock) => probe(timing, number, clock));
}

function probe({ initialDelay, interval }: Timing, number: number, clock: Clock): number {
  return Math.max(fires(initialDelay, clock), fires(interval, clock)) + (number - 1) * fires(interval, clock);
}

/** The user timeout that 'match' stands for: not before the count's own verdict, and 250 ms after the latest last probe. */
export function match(timing: Timing): number {
  const { initialDelay, interval, count } = timing;
  return Math.max(initialDelay + interval * count, latestProbe(timing, count) + 250);
}

/** The latest verdict on an idle connection: at the first probe time, after the first, that is not before `userTimeout`. */
export function latestVerdict(timing: Timing, userTimeout: number): number {
  const { initialDelay, interval, count } = timing;
  if (userTimeout === 0) return latestProbe(timing, count + 1);
  let probes = 2;
  while (initialDelay + (probes - 1) * interval < userTimeout) probes += 1;
  return slowest((clock) => {
    const justMissed = Math.max(userTimeout * 3, probe(timing, 1, clock)) + fires(interval, clock);
    return Math.min(probe(timing, probes, clock), justMissed);
  });
}

/** The latest verdict on a write: two retransmission timeouts of 1 s, the user timeout, the last timer's rounding, a tick. */
export function latestWriteVerdict(userTimeout: number): number {
  const lastTimer = Math.min((userTimeout * 3) / 2 + 3_000, 360_000);
  return slowest((clock) => 2 * fires(1_000, clock) + userTimeout * 3 + width(lastTimer, clock) + clock.tick);
}
