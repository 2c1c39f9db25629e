import { platform } from '../profile/platform.js';
import { checked, type KeepaliveProfile } from '../profile/profile.js';
import { assertObject, checkedTime, longestDelay } from '../util/arguments.js';
import { outOfRange } from '../util/errors.js';

/** Options of {@link LivenessMonitor}. Milliseconds, 1 to 2,147,483,647. */
export interface LivenessOptions {
  /**
   * A peer that was not heard from for this long is silent. Take more than the time between two probes with an eighth
   * to spare, and several `checkEvery` less than `initialDelay + interval * count`, or 'gone' comes first. {@link
   * LivenessProfileOptions} derives it from a profile.
   */
  readonly silentAfter: number;
  /** A change is reported at most this much later. It is also how often a silent socket is looked at. */
  readonly checkEvery: number;
  /**
   * A socket whose peer was not heard from for this long is destroyed with `ERR_KEEPALIVE_SILENCE`, and is 'gone' as
   * 'timed-out'. At least `silentAfter`. Take more than `detectionTime` of the same profile with `count - 1` (its
   * `idle`), so that the last probe goes out. Default: no socket is destroyed.
   *
   * What is written to the socket does not put it off. It comes at most one `checkEvery` and one tick of the kernel's
   * clock (1 to 10 ms) later, as the socket's 'error'; an http2 session and its streams end with it.
   *
   * Only what the kernel heard counts. So an idle connection without a keepalive profile is destroyed although its peer
   * is there. So is one whose peer does not read what is sent to it, because Linux probes that at intervals that double
   * up to two minutes, whatever the profile (net/ipv4/tcp_timer.c, tcp_probe_timer).
   */
  readonly destroyAfter?: number | undefined;
}

/** Options of {@link LivenessMonitor} for sockets that all have one profile. Milliseconds, 1 to 2,147,483,647. */
export interface LivenessProfileOptions {
  /** The profile that the sockets have. The monitor does not apply it. */
  readonly profile: KeepaliveProfile;
  /**
   * Default: the time between two probes at its latest (Linux adds up to an eighth), and one `interval`; 276.4 s for
   * 240 s / 20 s. With a `count` below 3, or a delay to which the kernel may add more than `interval * (count - 1)`, a
   * vanished peer can be 'gone' before it is silent.
   */
  readonly silentAfter?: number | undefined;
  /** Default: a fifth of the profile's `interval`. */
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
    silentAfter: Math.ceil(platform.bounds.firstProbe(known)) + known.interval,
    checkEvery: known.interval / looksInInterval,
  };
}
