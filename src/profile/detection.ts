import { hasUserTimeout, platform } from './platform.js';
import { checked, probePeriod, requestedUserTimeout, type CheckedProfile, type KeepaliveProfile } from './profile.js';

/** How long after its last answer a vanished peer is noticed, in milliseconds. */
export interface DetectionTime {
  /** With nothing in flight: probes alone find out. */
  readonly idle: number;
  /** With written data unacknowledged; null where only the system's retransmission limit applies (minutes). */
  readonly inFlight: number | null;
}

/**
 * How long after its last answer a vanished peer is noticed at the latest, in milliseconds, give or take the kernel's
 * timer granularity.
 *
 * `idle`: `max(initialDelay, interval) + interval * count`. On Linux a user timeout that is set takes the place of the
 * count (net/ipv4/tcp_timer.c): the verdict falls with the first probe, after the first one, that is not before the user
 * timeout.
 *
 * `inFlight`: the user timeout where the profile sets one and the OS has it (macOS: rounded up to seconds), else null.
 *
 * Throws as {@link defineProfile} does.
 *
 * @example
 * ```ts
 * const { idle, inFlight }: DetectionTime = detectionTime(profiles.presence); // 45 000 each on Linux
 * ```
 */
export function detectionTime(profile: KeepaliveProfile): DetectionTime {
  const wanted = checked(profile);
  const { interval, count } = wanted;
  const userTimeout = effectiveUserTimeout(wanted);
  const byUserTimeout = userTimeout !== null && platform.userTimeoutEndsProbing;
  return {
    idle: byUserTimeout ? idleWithUserTimeout(wanted, userTimeout) : probePeriod(wanted) + interval * count,
    inFlight: userTimeout,
  };
}

function effectiveUserTimeout(profile: CheckedProfile): number | null {
  const wanted = requestedUserTimeout(profile);
  if (wanted === 0 || !hasUserTimeout()) return null;
  const unit = platform.userTimeoutUnit;
  return Math.ceil(wanted / unit) * unit;
}

function idleWithUserTimeout(profile: CheckedProfile, userTimeout: number): number {
  const { initialDelay, interval } = profile;
  const ticksAfter = (firstProbe: number) => Math.max(1, Math.ceil((userTimeout - firstProbe) / interval));
  const latest = probePeriod(profile);
  const ticks = ticksAfter(latest);
  // Somewhere between the earliest and the latest first probe, a tick just misses the user timeout.
  return ticks < ticksAfter(initialDelay) ? userTimeout + interval : latest + ticks * interval;
}
