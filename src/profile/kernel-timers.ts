/**
 * When the Linux kernel's timers fire, and the bounds that follow from it. Pure arithmetic; `kernel-model.ts` beside it
 * steps whole connections by the same rules, and its tests compare both with kernels that were run.
 *
 * kernel/time/timer.c keeps timers in a wheel of levels. A level has 64 buckets; the buckets of the first level are one
 * tick apart, those of each further level eight times as far as the level before. A timer is put into the first level that
 * reaches far enough (calc_wheel_index) and into the bucket after its time (calc_index adds one): it never fires early,
 * always at least a tick late, and at most one bucket late. That holds for every timer: for the delay before the first
 * probe, for each interval, and for each retransmission. Timers that share a bucket fire in one tick, so connections that
 * fell silent at different times are probed together.
 */

/** Clock rates that kernels are built with (CONFIG_HZ). A program cannot ask which one runs. */
export const clockRates: readonly number[] = [100, 250, 300, 1000];

/** kernel/time/timer.c, LVL_SIZE - 1 and LVL_CLK_DIV: LVL_START(n) is 63 * 8^(n - 1) ticks, LVL_GRAN(n) is 8^n. */
const bucketsInLevel = 63;
const growth = 8;

/** Ticks from one bucket to the next, in the level that a timer of this many ticks is put into: LVL_GRAN. */
export function bucketWidth(ticks: number): number {
  let width = 1;
  while (ticks >= bucketsInLevel * width) width *= growth;
  return width;
}

/** The tick in which a timer fires that is to expire at one tick and is set at another: calc_wheel_index. */
export function firingTick(expires: number, clock: number): number {
  const width = bucketWidth(expires - clock);
  return (Math.floor(expires / width) + 1) * width;
}

/** The longest time, in milliseconds, within which timers of this length may be rounded to the same tick. */
export function coarsestStep(milliseconds: number): number {
  return worst((rate) => step(milliseconds, rate));
}

/** When a timer of this length may fire at the latest, in milliseconds. */
export function latestTick(milliseconds: number): number {
  return worst((rate) => latest(milliseconds, rate));
}

/** What the bounds need to know of a profile. Times in milliseconds. */
export interface ProbeTiming {
  readonly initialDelay: number;
  readonly interval: number;
  readonly count: number;
}

/**
 * Milliseconds between the latest `count`-th probe and the user timeout that lets it go out. The kernel compares whole
 * ticks, so it must exceed one (10 ms). The rest is for timers that run late: a loaded machine, or a socket that is in a
 * system call just then and is looked at again after 50 ms (tcp_keepalive_timer, HZ / 20).
 */
const spare = 250;

/**
 * The smallest user timeout that lets `count` unanswered probes go out at every clock rate, and that is not below the
 * `initialDelay + interval * count` which the count alone would wait for at least.
 *
 * The kernel looks at a user timeout with the timer of each probe after the first, and ends the connection instead of
 * sending that probe when the last answer is as long ago (tcp_keepalive_timer). So it must be longer than the time of the
 * latest `count`-th probe. Where the kernel rounds by more than an interval, probes beyond the count may go out.
 */
export function userTimeoutForCount(timing: ProbeTiming): number {
  const { initialDelay, interval, count } = timing;
  const lastProbe = worst((rate) => latestProbe(timing, count, rate));
  return Math.max(initialDelay + interval * count, Math.ceil(lastProbe) + spare);
}

/**
 * Upper bound, in milliseconds, on the time from the last answer to the end of an idle connection whose peer vanished.
 * `userTimeout` 0: none, so that the count decides.
 */
export function latestIdleVerdict(timing: ProbeTiming, userTimeout: number): number {
  const { initialDelay, interval, count } = timing;
  return worst((rate) => {
    if (userTimeout === 0) return latestProbe(timing, count + 1, rate);
    // The probe that would come after the user timeout even if no timer were late; never the first.
    const ending = 1 + Math.max(1, Math.ceil((userTimeout - initialDelay) / interval));
    const justMissed = Math.max(userTimeout, latestProbe(timing, 1, rate)) + latest(interval, rate);
    return Math.min(latestProbe(timing, ending, rate), justMissed);
  });
}

/**
 * Upper bound, in milliseconds, on the time from a write to the end of a connection that does not acknowledge it.
 * `retransmissionTimeout` is that of the connection when it writes: 200 ms more than the round trip at least.
 *
 * The kernel counts the user timeout from the first retransmission, not from the write (retrans_stamp, set by
 * tcp_retransmit_skb). Before that come a tail loss probe (tcp_schedule_loss_probe), after one retransmission timeout at
 * the latest, and another such timeout. Each later timer is twice as long, up to two minutes, and is cut to what is left
 * of the user timeout (tcp_clamp_rto_to_user_timeout); so the last one is about half of it at most.
 */
export function latestWriteVerdict(userTimeout: number, retransmissionTimeout: number): number {
  const lastTimer = Math.min(userTimeout / 2 + retransmissionTimeout, longestRetransmissionTimeout);
  return worst((rate) => {
    const firstRetransmission = 2 * latest(retransmissionTimeout, rate);
    return firstRetransmission + userTimeout + step(lastTimer, rate) + 1000 / rate; // and what is left in whole ticks
  });
}

/** include/net/tcp.h, TCP_RTO_MAX, in milliseconds. */
export const longestRetransmissionTimeout = 120_000;

/**
 * For how long a peer may have been silent before a user timeout was set, so that all probes still go out before it: what
 * is left of it after the latest of them, less the time that timers may run late.
 */
export function roomForSilence(timing: ProbeTiming, userTimeout: number): number {
  const lastProbe = worst((rate) => latestProbe(timing, timing.count, rate));
  return Math.max(shortestRoom, Math.floor(userTimeout - lastProbe) - (spare - shortestRoom));
}

/** A part of {@link spare}. */
const shortestRoom = 100;

/**
 * When the `number`-th probe in a row goes out at the latest. An answer does not stop the timer: it fires when it was to
 * fire, and is then set anew for what is left of the delay. One that a probe has set for an interval runs on as well, so
 * an interval above the delay takes its place.
 */
function latestProbe({ initialDelay, interval }: ProbeTiming, number: number, rate: number): number {
  const first = Math.max(latest(initialDelay, rate), latest(interval, rate));
  return first + (number - 1) * latest(interval, rate);
}

function latest(milliseconds: number, rate: number): number {
  return milliseconds + step(milliseconds, rate);
}

function step(milliseconds: number, rate: number): number {
  return (bucketWidth((milliseconds * rate) / 1000) * 1000) / rate;
}

function worst(bound: (rate: number) => number): number {
  return Math.max(...clockRates.map(bound));
}

/** Of `connections` whose probes are spread as evenly as can be over `initialDelay`, how many are probed in one tick. */
export function probesInOneTick(connections: number, initialDelay: number): number {
  return Math.ceil((connections * Math.min(coarsestStep(initialDelay), initialDelay)) / initialDelay);
}

/** Packets that a receive backlog holds: Linux's default for net.core.netdev_max_backlog. */
export const receiveBacklog = 1000;
