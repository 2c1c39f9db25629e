/**
 * When macOS notices that a peer has vanished: the bounds that follow from `macos-model.ts`. They come from the source
 * of xnu-11417 and were never compared with macOS. Milliseconds.
 */
import type { ProbeTiming } from './kernel-timers.js';

/**
 * How late a keepalive timer is at most. One list holds the timers of all connections. It runs up to 500 ms after the
 * first timer is due (bsd/netinet/tcp_timer.c, need_to_resched_timerlist, TCP_TIMER_500MS_QUANTUM), never before.
 */
export const slowTimer = 500;
/** The same for a retransmission timer: TCP_TIMER_100MS_QUANTUM. */
export const fastTimer = 100;
/** tcp_timer.h, TCPTV_REXMTMAX. */
export const longestMacosRetransmission = 64_000;

/**
 * When the `number`-th probe in a row goes out at the latest. Each arriving packet starts the delay anew
 * (tcp_keepalive_reset).
 */
export function latestMacosProbe({ initialDelay, interval }: ProbeTiming, number: number): number {
  return initialDelay + (number - 1) * interval + number * slowTimer;
}

/**
 * When all probes of a profile that is set now have certainly gone out, also on a loaded machine, whose timers run
 * late.
 */
export function afterMacosProbes(timing: ProbeTiming): number {
  return latestMacosProbe(timing, timing.count) + spare;
}

const spare = 250;

/**
 * Upper bound on the time from the last answer to the end of a connection, whatever is written. The first keepalive
 * timer that fires after `initialDelay + interval * count` ends it, with data in flight too (tcp_timers, TCPT_KEEP).
 */
export function latestMacosVerdict(timing: ProbeTiming): number {
  const { initialDelay, interval, count } = timing;
  return Math.min(latestMacosProbe(timing, count + 1), initialDelay + interval * (count + 1) + slowTimer);
}

/**
 * Upper bound on the time from a write to the end by the user timeout, TCP_RXT_CONNDROPTIME. It counts from the first
 * retransmission (t_rxtstart), which can follow a tail loss probe, and is checked when the retransmission timer fires.
 * Each timer is twice as long as the one before, so the last timer is as long as all before it together, plus two
 * timeouts.
 */
export function latestMacosWriteVerdict(userTimeout: number, retransmissionTimeout: number): number {
  const first = 2 * (retransmissionTimeout + fastTimer);
  const last = Math.min(userTimeout + 2 * retransmissionTimeout, longestMacosRetransmission);
  return first + userTimeout + last + fastTimer;
}
