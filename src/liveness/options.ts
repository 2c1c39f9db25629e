import { latestTick } from '../profile/kernel-timers.js';
import { checked, probePeriod, type KeepaliveProfile } from '../profile/profile.js';
import { assertObject, checkedTime, longestDelay } from '../util/arguments.js';
import { outOfRange } from '../util/errors.js';

/** Options of {@link LivenessMonitor}. Milliseconds, 1 to 2 147 483 647. */
export interface LivenessOptions {
  /**
   * A peer that was not heard from for this long is silent. Take more than the time between two probes with an eighth to
   * spare, and several `checkEvery` less than `initialDelay + interval * count`, or 'gone' comes first. See
   * {@link LivenessProfileOptions} for a monitor that derives it.
   */
  readonly silentAfter: number;
  /** A change is reported at most this much later. It is also how often a silent socket is looked at. */
  readonly checkEvery: number;
  /**
   * A socket whose peer was not heard from for this long is destroyed with `ERR_KEEPALIVE_SILENCE`, and is 'gone' as
   * 'timed-out'. At least `silentAfter`. By default no socket is destroyed.
   *
   * What this side writes does not put it off, which it does with the kernel's own verdict. It comes at most one `checkEvery`
   * and one tick of the kernel's clock (1 to 10 ms) later. It is the socket's 'error', as `ETIMEDOUT` would be; an http2
   * session and its streams end with it too.
   *
   * Only what the kernel heard counts: without a keepalive profile on the sockets an idle connection is destroyed although
   * its peer is there. So is one whose peer does not read what this side has for it: that is probed at doubling
   * intervals of up to two minutes (net/ipv4/tcp_timer.c, tcp_probe_timer), whatever the profile.
   */
  readonly destroyAfter?: number | undefined;
}

/** Options of {@link LivenessMonitor} for sockets that all have one profile. Milliseconds, 1 to 2 147 483 647. */
export interface LivenessProfileOptions {
  /** What the sockets have. The monitor does not apply it. */
  readonly profile: KeepaliveProfile;
  /**
   * By default as soon as a probe must have been sent and one `interval` has passed without an answer: the time between
   * two probes, and what the kernel's timer adds to it at any clock rate (kernel/time/timer.c: at most an eighth), and the
   * `interval`. For 240 s / 20 s that is 276.4 s. With a `count` below 3, or a delay so long that the kernel may add more than
   * `interval * (count - 1)` to it, a vanished peer can be 'gone' before it is silent.
   */
  readonly silentAfter?: number | undefined;
  /** By default a fifth of the profile's `interval`. */
  readonly checkEvery?: number | undefined;
  /** As in {@link LivenessOptions.destroyAfter}. */
  readonly destroyAfter?: number | undefined;
}

/** The options of a monitor, checked. */
export interface LivenessTimes {
  readonly silentAfter: number;
  readonly checkEvery: number;
  /** Infinity: never. */
  readonly destroyAfter: number;
}

const looksInInterval = 5;

export function checkedTimes(options: LivenessOptions | LivenessProfileOptions): LivenessTimes {
  assertObject('options', options);
  const { profile } = options as Partial<LivenessProfileOptions>;
  const defaults = profile === undefined ? options : timesBy(profile);
  const { silentAfter = defaults.silentAfter, checkEvery = defaults.checkEvery, destroyAfter } = options;
  const times = {
    silentAfter: checkedTime('options.silentAfter', silentAfter),
    checkEvery: checkedTime('options.checkEvery', checkEvery),
  };
  if (destroyAfter === undefined) return { ...times, destroyAfter: Infinity };
  const bound = checkedTime('options.destroyAfter', destroyAfter);
  if (bound >= times.silentAfter) return { ...times, destroyAfter: bound };
  const range = `options.silentAfter (${times.silentAfter}) to ${longestDelay} milliseconds`;
  throw outOfRange('options.destroyAfter', range, bound);
}

function timesBy(profile: KeepaliveProfile): Pick<LivenessTimes, 'silentAfter' | 'checkEvery'> {
  const known = checked(profile);
  return {
    silentAfter: Math.ceil(latestTick(probePeriod(known))) + known.interval,
    checkEvery: known.interval / looksInInterval,
  };
}
