/**
 * When the Linux kernel's timers fire, and the bounds that follow from it. Pure arithmetic. `linux-model.ts` steps
 * whole connections by the same rules, and its tests compare both with recorded runs of kernels.
 *
 * kernel/time/timer.c keeps timers in a wheel of levels. A level has 64 buckets. The buckets of the first level are one
 * tick apart; those of each further level are eight times as far apart as those of the level before. A timer is put
 * into the first level that reaches far enough (calc_wheel_index), and into the bucket after its time (calc_index adds
 * one). So it never fires early, always at least one tick late, and at most one bucket late. That holds for every
 * timer: for the delay before the first probe, for each interval, and for each retransmission. Timers that share a
 * bucket fire in one tick, so connections that fell silent at different times are probed together.
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

/**
 * The tick in which a timer fires that is set at the tick `clock` and expires at the tick `expires`: calc_wheel_index.
 */
export function firingTick(expires: number, clock: number): number {
  const width = bucketWidth(expires - clock);
  return (Math.floor(expires / width) + 1) * width;
}

/** The longest time, in milliseconds, within which timers of this length may be rounded to the same tick. */
export function coarsestStep(milliseconds: number): number {
  return worst((rate) => step(milliseconds, rate));
}

/** When a timer of this length fires at the latest, in milliseconds. */
export function latestTick(milliseconds: number): number {
  return worst((rate) => latest(milliseconds, rate));
}

/** The values of a profile that the bounds depend on. Times in milliseconds. */
export interface ProbeTiming {
  readonly initialDelay: number;
  readonly interval: number;
  readonly count: number;
}

/** How often at least a live connection is probed: a timer that is already running can fire one interval later. */
export function probePeriod({ initialDelay, interval }: ProbeTiming): number {
  return Math.max(initialDelay, interval);
}

/**
 * Milliseconds between the latest `count`-th probe and the user timeout that lets it go out. The kernel compares whole
 * ticks, so it must be more than one tick (10 ms). The rest is for timers that run late: on a loaded machine, or for a
 * socket that is in a system call at that moment and is checked again after 50 ms (tcp_keepalive_timer, HZ / 20).
 */
const spare = 250;

/**
 * The smallest user timeout that lets `count` unanswered probes go out at every clock rate. It is never below
 * `initialDelay + interval * count`, which is what the count alone would wait for at least.
 *
 * The kernel checks the user timeout at the time of each probe after the first. If the last answer is that long ago, it
 * ends the connection instead of sending the probe (tcp_keepalive_timer). So the user timeout must be longer than the
 * latest time of the `count`-th probe. Where the kernel rounds by more than an interval, probes beyond the count may go
 * out.
 */
export function userTimeoutForCount(timing: ProbeTiming): number {
  const { initialDelay, interval, count } = timing;
  const lastProbe = worst((rate) => latestProbe(timing, count, rate));
  return Math.max(initialDelay + interval * count, Math.ceil(lastProbe) + spare);
}

/**
 * Upper bound, in milliseconds, on the time from the last answer to the end of an idle connection whose peer vanished.
 * `userTimeout` 0: there is none, and the count decides.
 */
export function latestIdleVerdict(timing: ProbeTiming, userTimeout: number): number {
  const { initialDelay, interval, count } = timing;
  return worst((rate) => {
    if (userTimeout === 0) return latestProbe(timing, count + 1, rate);
    // The first probe time after the user timeout if no timer were late; never that of the first probe.
    const ending = 1 + Math.max(1, Math.ceil((userTimeout - initialDelay) / interval));
    const justMissed = Math.max(userTimeout, latestProbe(timing, 1, rate)) + latest(interval, rate);
    return Math.min(latestProbe(timing, ending, rate), justMissed);
  });
}

/**
 * Upper bound, in milliseconds, on the time from a write to the end of a connection that does not acknowledge it.
 * `retransmissionTimeout` is that of the connection at the write: at least 200 ms more than the round trip.
 *
 * The kernel counts the user timeout from the first retransmission, not from the write (retrans_stamp, set by
 * tcp_retransmit_skb). Before that come a tail loss probe, at most one retransmission timeout after the write
 * (tcp_schedule_loss_probe), and another such timeout. Each later timer is twice as long, up to two minutes, and is cut
 * to what is left of the user timeout (tcp_clamp_rto_to_user_timeout). So the last timer is at most about half of the
 * user timeout.
 */
export function latestWriteVerdict(userTimeout: number, retransmissionTimeout: number): number {
  const lastTimer = Math.min(userTimeout / 2 + retransmissionTimeout, longestRetransmissionTimeout);
  return worst((rate) => {
    const firstRetransmission = 2 * latest(retransmissionTimeout, rate);
    return firstRetransmission + userTimeout + step(lastTimer, rate) + 1000 / rate; // plus the rest, in whole ticks
  });
}

/** include/net/tcp.h, TCP_RTO_MAX, in milliseconds. */
export const longestRetransmissionTimeout = 120_000;

/**
 * For how long a peer may have been silent before a user timeout is set, if all probes must still go out: the time
 * between the latest last probe and the user timeout, less the time that timers may run late.
 */
export function roomForSilence(timing: ProbeTiming, userTimeout: number): number {
  const lastProbe = worst((rate) => latestProbe(timing, timing.count, rate));
  return Math.max(shortestRoom, Math.floor(userTimeout - lastProbe) - (spare - shortestRoom));
}

/** Milliseconds that timers may run late; a part of {@link spare}. */
const shortestRoom = 100;

/**
 * When the `number`-th probe in a row goes out at the latest. An answer does not stop the running timer: it fires at
 * its time, and is then set again for the rest of the delay. A timer that a probe has set for an interval also runs on,
 * so an interval that is longer than the delay takes its place.
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

/**
 * How many of `connections` are probed in one tick if their probes are spread as evenly as possible over
 * `initialDelay`.
 */
export function probesInOneTick(connections: number, initialDelay: number): number {
  return Math.ceil((connections * Math.min(coarsestStep(initialDelay), initialDelay)) / initialDelay);
}

/** Packets that a receive backlog holds: Linux's default for net.core.netdev_max_backlog. */
export const receiveBacklog = 1000;
