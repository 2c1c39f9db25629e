import { hasUserTimeout, platform } from './platform.js';
import { checked, type CheckedProfile, type KeepaliveProfile } from './profile.js';

/** Upper bounds on the time until a vanished peer is noticed, in milliseconds. */
export interface DetectionTime {
  /** From the last answer, if nothing is written after it. */
  readonly idle: number;
  /**
   * From a write that stays unacknowledged. null where only the system's retransmission limit applies (minutes). Never
   * null on macOS, which counts the silence with data in flight too.
   */
  readonly inFlight: number | null;
  /** From the last answer, whatever is written and whenever; null where `inFlight` is. */
  readonly atMost: number | null;
}

/**
 * Upper bounds on the time until a vanished peer is noticed, in milliseconds.
 *
 * - `idle`: from the last answer, if nothing is written after it.
 * - `inFlight`: from a write that stays unacknowledged; null without a user timeout, except on macOS.
 * - `atMost`: from the last answer, whatever is written. On Linux and Windows it is `idle + inFlight`, because a write
 *   just before the verdict of the probes starts the time anew; on macOS it is `idle`. {@link LivenessMonitor} with
 *   `destroyAfter` gives a bound that writes do not move.
 *
 * On Linux the bounds hold at every clock rate of the kernel (100 to 1000 ticks a second), which decides how late its
 * timers are. For macOS they follow the source and were never tested: each timer is up to half a second late. Windows
 * does not document how it rounds: the numbers assume timers that are never late.
 *
 * On Linux a user timeout replaces the count (net/ipv4/tcp_timer.c, tcp_keepalive_timer): it ends the connection at the
 * time of a probe, after the first, at which the user timeout has passed. With data in flight it counts from the first
 * retransmission (tcp_retransmit_skb), for which two retransmission timeouts of at most 1 s are allowed. Where the
 * retransmission timeout is longer (`ss -i` shows it as `rto`), add twice the excess.
 *
 * On macOS (xnu bsd/netinet/tcp_timer.c, tcp_timers) the silence since the last answer ends the connection, with data
 * in flight too. A user timeout can only end it sooner, and has no effect where the retransmission begins after one
 * side has ended its half. So `inFlight` is the smaller of the two bounds. On Windows `idle` is
 * `max(initialDelay, interval) + interval * count` and `inFlight` is the user timeout.
 *
 * Throws as {@link defineProfile} does.
 *
 * @example
 * ```ts
 * const { idle, inFlight, atMost }: DetectionTime = detectionTime(profiles.presence); // Linux: 47.8 s, 49.1 s and 96.9 s
 * ```
 */
export function detectionTime(profile: KeepaliveProfile): DetectionTime {
  const wanted = checked(profile);
  const userTimeout = effectiveUserTimeout(wanted);
  const idle = platform.bounds.idle(wanted, userTimeout);
  const inFlight = platform.bounds.inFlight(wanted, userTimeout);
  if (platform.countHoldsSilence) return { idle, inFlight, atMost: idle };
  return { idle, inFlight, atMost: inFlight === null ? null : idle + inFlight };
}

function effectiveUserTimeout({ requestedUserTimeout = 0 }: CheckedProfile): number | null {
  if (requestedUserTimeout === 0 || !hasUserTimeout()) return null;
  const unit = platform.userTimeoutUnit;
  return Math.ceil(requestedUserTimeout / unit) * unit;
}
