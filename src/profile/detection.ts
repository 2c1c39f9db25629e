import { latestIdleVerdict, latestWriteVerdict } from './kernel-timers.js';
import { hasUserTimeout, platform } from './platform.js';
import { checked, probePeriod, type CheckedProfile, type KeepaliveProfile } from './profile.js';

/** Upper bounds on the time until a vanished peer is noticed, in milliseconds. */
export interface DetectionTime {
  /** From the last answer, if nothing is written after it. */
  readonly idle: number;
  /** From a write that stays unacknowledged; null where only the system's retransmission limit applies (minutes). */
  readonly inFlight: number | null;
  /** From the last answer, whatever is written and whenever; null where `inFlight` is. */
  readonly atMost: number | null;
}

/**
 * The retransmission timeout that `inFlight` allows for: what RFC 6298 starts with, and above that of any path with round
 * trips of up to half a second.
 */
const retransmissionTimeout = 1_000;

/**
 * Upper bounds on the time until a vanished peer is noticed, in milliseconds, at every clock rate of the kernel.
 *
 * `idle`: nothing is written after the last answer. Linux: the latest time of `count` probes and one interval more, with
 * each timer rounded up as coarsely as a kernel of 100 to 1000 ticks a second does. A user timeout decides in place of the
 * count there (net/ipv4/tcp_timer.c): at the first probe, after the first one, that is not before it. Elsewhere
 * `max(initialDelay, interval) + interval * count`.
 *
 * `inFlight`: counted from a write that stays unacknowledged. Linux: the user timeout, which begins with the first
 * retransmission, two retransmission timeouts of up to 1 s each before that, and the rounding of the last timer. On a path
 * whose retransmission timeout is longer (`ss -i` shows it as `rto`), add twice the excess. Elsewhere the user timeout
 * (macOS: rounded up to seconds). null without a user timeout.
 *
 * `atMost`: `idle + inFlight`. A write takes the verdict from the probes, so one that comes just before it starts the time
 * anew. {@link LivenessMonitor} with `destroyAfter` gives a bound that writes do not move.
 *
 * Throws as {@link defineProfile} does.
 *
 * @example
 * ```ts
 * const { idle, inFlight, atMost }: DetectionTime = detectionTime(profiles.presence); // 47.8 s, 49.3 s and 97.1 s on Linux
 * ```
 */
export function detectionTime(profile: KeepaliveProfile): DetectionTime {
  const wanted = checked(profile);
  const userTimeout = effectiveUserTimeout(wanted);
  const idle = latestIdle(wanted, userTimeout);
  const inFlight = userTimeout === null ? null : latestInFlight(userTimeout);
  return { idle, inFlight, atMost: inFlight === null ? null : idle + inFlight };
}

function effectiveUserTimeout({ requestedUserTimeout = 0 }: CheckedProfile): number | null {
  if (requestedUserTimeout === 0 || !hasUserTimeout()) return null;
  const unit = platform.userTimeoutUnit;
  return Math.ceil(requestedUserTimeout / unit) * unit;
}

function latestIdle(profile: CheckedProfile, userTimeout: number | null): number {
  if (!platform.userTimeoutEndsProbing) return probePeriod(profile) + profile.interval * profile.count;
  return Math.ceil(latestIdleVerdict(profile, userTimeout ?? 0));
}

function latestInFlight(userTimeout: number): number {
  if (!platform.userTimeoutEndsProbing) return userTimeout;
  return Math.ceil(latestWriteVerdict(userTimeout, retransmissionTimeout));
}
