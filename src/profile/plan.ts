import { assertKnownFields, assertNumber, assertObject } from '../util/arguments.js';
import { KeepaliveError, invalidArgumentType, outOfRange } from '../util/errors.js';
import { detectionTime } from './detection.js';
import { checkedPathName, paths, type PathName } from './paths.js';
import { hasUserTimeout, platform } from './platform.js';
import { defineProfile, matchingUserTimeout, type KeepaliveProfile } from './profile.js';

/** Constraints of {@link planKeepalive}. Times in milliseconds. */
export interface KeepaliveConstraints {
  /**
   * A vanished peer is noticed within this time of its last answer: `detectionTime(plan).atMost` is not longer than
   * this. Where `writes` says that it is enough, and on a system without a user timeout, `detectionTime(plan).idle` is
   * not longer.
   */
  readonly detectWithin: number;
  /**
   * What the connections go through, by its name in {@link paths}. A path that ends TCP needs a `heartbeat` below its
   * `idleTimeout`: probes do not keep it open.
   */
  readonly path?: PathName | undefined;
  /**
   * The shortest idle timeout in the path: when a NAT or load balancer forgets an idle connection. The first probe
   * comes before, even if Linux rounds the `initialDelay` up (measured: 239 s became 239.9 to 254.8 s). Default: that
   * of `path`.
   */
  readonly idleTimeout?: number | undefined;
  /**
   * How many probes in a row may be lost before a live connection is ended. 1 to 126 on Linux. Default: 2, because one
   * can be lost by chance, and a second in the same burst (a change of cell, a tunnel).
   */
  readonly tolerateLost?: number | undefined;
  /**
   * The application sends something after this much silence: a heartbeat's `interval`. It keeps the path open, so that
   * an `idleTimeout` above it does not limit the `initialDelay`.
   */
  readonly heartbeat?: number | undefined;
  /**
   * What may be written to a peer that has vanished. A write stops the probes and starts the time anew.
   *
   * - `'any'` (default): anything at any time.
   * - `'never'`: nothing. Not with a `heartbeat`, which writes.
   * - `'monitored'`: anything, but a {@link LivenessMonitor} ends silent sockets, whose `destroyAfter` and `checkEvery` are
   *   `detectWithin` together.
   */
  readonly writes?: 'any' | 'never' | 'monitored' | undefined;
}

const names = ['detectWithin', 'path', 'idleTimeout', 'tolerateLost', 'heartbeat', 'writes'];
const writesKnown = ['any', 'never', 'monitored'] as const;
type Writes = KeepaliveConstraints['writes'];
const second = 1000;
const { limits } = platform;
/* v8 ignore next -- an OS without a user timeout */
const longestUserTimeout = limits.userTimeout?.max ?? Infinity;

/**
 * Seconds. A sleeping phone listens for a call of its cell every 2.56 s at the longest (3GPP TS 36.331 and 38.331,
 * defaultPagingCycle rf256), then has to wake its radio up and to answer: an interval below would send the next probe to
 * a phone that is only late. It is also the interval of the `presence` profile.
 */
const shortestInterval = 5;
/** The interval is never above the initial delay: a live connection would be probed by the interval. */
const shortestDelay = shortestInterval;
const mostLost = Math.min(limits.count.max, Math.floor(longestUserTimeout / second / shortestInterval) - 1) - 1;
const defaultLost = 2;

/**
 * The quietest profile that meets the constraints: the longest `initialDelay`, then the fewest probes to a vanished
 * peer, then the longest `interval`. Frozen, with `userTimeout: 'match'`.
 *
 * `detectWithin` holds whatever is written and whenever. That leaves about half of the time for the probes, because a
 * write just before their verdict starts the time anew. Where nothing is written to a silent peer, or a
 * {@link LivenessMonitor} with `destroyAfter` ends silent sockets, say so in `writes`: the plan then probes about half
 * as often.
 *
 * The `count` is `tolerateLost + 1`. The `interval` is at most the `initialDelay` and at least 5 s, which a phone's
 * radio may need to wake up and answer. The numbers are those of the OS that runs, and on Linux allow for every clock rate.
 *
 * Throws `ERR_KEEPALIVE_PLAN` when two constraints cannot both be met, and names both and the difference in its
 * message; `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for a bad argument.
 *
 * @example
 * ```ts
 * const constraints: KeepaliveConstraints = { detectWithin: 120_000, idleTimeout: 270_000 };
 * const quietest: KeepaliveProfile = planKeepalive(constraints); // 39 s / 5 s / 3
 * const monitored = planKeepalive({ ...constraints, writes: 'monitored' }); // 98 s / 5 s / 3
 * ```
 */
export function planKeepalive(constraints: KeepaliveConstraints): Readonly<KeepaliveProfile> {
  const wanted = checkedConstraints(constraints);
  const { detectWithin, tolerateLost = defaultLost } = wanted;
  const count = tolerateLost + 1;
  const idleTimeout = idleTimeoutToMeet(wanted);
  checkConflicts(wanted, count, idleTimeout);

  const meets = (profile: KeepaliveProfile) =>
    platform.bounds.firstProbe(profile) < idleTimeout && bound(profile, wanted.writes) <= detectWithin;
  const fits = (delay: number) => meets(timing(delay, shortestInterval, count));
  const initialDelay = last(fits, shortestDelay, seconds(limits.initialDelay.max));
  return defineProfile(withLongestInterval(initialDelay, count, wanted, meets));
}

/**
 * A longer interval can take less time than a shorter one, because one probe less goes out before the user timeout. So
 * the search goes downwards, from the longest interval with which the count alone would be in time.
 */
function withLongestInterval(
  initialDelay: number,
  count: number,
  { detectWithin, writes }: KeepaliveConstraints,
  meets: (profile: KeepaliveProfile) => boolean,
): KeepaliveProfile {
  const fitsByCount = (interval: number) => {
    const profile = timing(initialDelay, interval, count);
    return bound(profile, writes, { ...profile, userTimeout: 0 }) <= detectWithin;
  };
  let interval = last(fitsByCount, shortestInterval, Math.min(initialDelay, seconds(limits.interval.max)));
  while (!meets(timing(initialDelay, interval, count))) interval -= 1;
  return timing(initialDelay, interval, count);
}

function timing(initialDelay: number, interval: number, count: number): KeepaliveProfile {
  return { initialDelay: initialDelay * second, interval: interval * second, count, userTimeout: 'match' };
}

/**
 * How late a vanished peer is noticed with a profile. `whenIdle`: the profile that decides for idle connections.
 * Infinity: the kernel cannot hold the profile.
 */
function bound(profile: KeepaliveProfile, writes: Writes, whenIdle: KeepaliveProfile = profile): number {
  if (matchingUserTimeout(profile) > longestUserTimeout) return Infinity;
  /* v8 ignore next -- an OS without a user timeout */
  const inFlight = isMovedByWrites(writes) ? (detectionTime(profile).inFlight ?? 0) : 0;
  return detectionTime(whenIdle).idle + inFlight;
}

function isMovedByWrites(writes: Writes): boolean {
  return !platform.countHoldsSilence && (writes === undefined || writes === 'any');
}

/** A heartbeat keeps the path open by itself. */
function idleTimeoutToMeet({ idleTimeout = Infinity, heartbeat = Infinity }: KeepaliveConstraints): number {
  return heartbeat < idleTimeout ? Infinity : idleTimeout;
}

/** The last integer of a range that fits. The first one fits, and after one that does not fit, none does. */
function last(fits: (value: number) => boolean, first: number, end: number): number {
  let fitting = first;
  let beyond = end + 1;
  while (beyond - fitting > 1) {
    const middle = Math.floor((fitting + beyond) / 2);
    if (fits(middle)) fitting = middle;
    else beyond = middle;
  }
  return fitting;
}

function seconds(milliseconds: number): number {
  return milliseconds / second;
}

function checkConflicts({ detectWithin, writes }: KeepaliveConstraints, count: number, idleTimeout: number): void {
  const least = leastBound(count, writes);
  if (detectWithin < least) {
    const busiest = `initialDelay and interval ${shortestInterval * second}`;
    const because =
      isMovedByWrites(writes) && hasUserTimeout() ? `${busiest}, a write just before the verdict` : busiest;
    throw conflict(
      `detectWithin ${detectWithin} and tolerateLost ${count - 1} need at least ${least} (${because}): ${least - detectWithin} more${remedies(detectWithin, count, writes)}`,
    );
  }
  const shortest = shortestDelay * second;
  const longer = platform.bounds.firstProbe(timing(shortestDelay, shortestInterval, count)) + 1;
  if (idleTimeout < longer) {
    throw conflict(
      `idleTimeout ${idleTimeout} and the shortest initialDelay of ${shortest}, which may come after ${longer - 1}, need at least ${longer}: ${longer - idleTimeout} more`,
    );
  }
}

function leastBound(count: number, writes: Writes): number {
  return bound(timing(shortestDelay, shortestInterval, count), writes);
}

function remedies(detectWithin: number, count: number, writes: Writes): string {
  const found: string[] = [];
  const fewer = last((probes) => leastBound(probes, writes) <= detectWithin, 1, count - 1);
  if (fewer > 1) found.push(`a tolerateLost of ${fewer - 1}`);
  if (isMovedByWrites(writes) && hasUserTimeout()) {
    const unmoved = leastBound(count, 'monitored');
    const enough = unmoved <= detectWithin ? '' : ` and a detectWithin of ${unmoved}`;
    found.push(`writes: 'monitored'${enough} (a LivenessMonitor with destroyAfter, whose bound writes do not move)`);
  }
  return found.map((remedy) => `, or ${remedy}`).join('');
}

function conflict(message: string): KeepaliveError {
  return new KeepaliveError('ERR_KEEPALIVE_PLAN', message);
}

/** Reads each field once: a getter can return another value the second time. */
function checkedConstraints(constraints: KeepaliveConstraints): KeepaliveConstraints {
  assertObject('constraints', constraints);
  assertKnownFields('constraints', constraints, names);
  const { detectWithin, path, idleTimeout: given, tolerateLost, heartbeat, writes } = constraints;
  const known = checkedPathName('constraints.path', path) && paths[path!];
  const idleTimeout = given === undefined ? known?.idleTimeout : given;
  checkTime('detectWithin', detectWithin);
  if (idleTimeout !== undefined) checkTime('idleTimeout', idleTimeout);
  if (heartbeat !== undefined) checkTime('heartbeat', heartbeat);
  if (tolerateLost !== undefined) checkLost(tolerateLost);
  checkWrites(writes, heartbeat);
  if (known?.probesCount === false && !(heartbeat! < idleTimeout!)) {
    throw conflict(
      `path '${path}' and its idleTimeout ${idleTimeout} exclude a plan of probes alone: it ends TCP, so only data keeps it open. Give a heartbeat below ${idleTimeout}`,
    );
  }
  return { detectWithin, idleTimeout, tolerateLost, heartbeat, writes };
}

function checkWrites(writes: Writes, heartbeat: number | undefined): void {
  if (writes !== undefined && !writesKnown.includes(writes)) {
    throw invalidArgumentType('constraints.writes', writesKnown.map((known) => `'${known}'`).join(' or '), writes);
  }
  if (writes === 'never' && heartbeat !== undefined) {
    throw conflict(
      `writes 'never' and heartbeat ${heartbeat} exclude each other: a heartbeat writes. Leave out one of them`,
    );
  }
}

function checkLost(value: number): void {
  assertNumber('constraints.tolerateLost', value);
  if (!(Number.isInteger(value) && value >= 1 && value <= mostLost)) {
    throw outOfRange('constraints.tolerateLost', `an integer from 1 to ${mostLost}`, value);
  }
}

function checkTime(name: string, value: number): void {
  assertNumber(`constraints.${name}`, value);
  if (!(value > 0 && value < Infinity)) throw outOfRange(`constraints.${name}`, 'more than 0 and finite', value);
}
