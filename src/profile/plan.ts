import { assertNumber, assertObject } from '../util/arguments.js';
import { KeepaliveError, invalidArgumentType, outOfRange } from '../util/errors.js';
import { platform } from './platform.js';
import { defineProfile, type KeepaliveProfile } from './profile.js';
import { coarsestStep, latestTick } from './kernel-timers.js';

/** What {@link planKeepalive} is to meet. Times in milliseconds. */
export interface KeepaliveConstraints {
  /** How long after its last answer a vanished peer may go unnoticed: `detectionTime(plan).idle` is no longer. */
  readonly detectWithin: number;
  /**
   * When the shortest-lived NAT or load balancer in the path forgets an idle connection: the first probe comes
   * before, also as late as Linux may round the `initialDelay` up (measured: 239 s became 239.9 to 254.8 s).
   */
  readonly idleTimeout?: number | undefined;
  /**
   * How many probes in a row may be lost without the end of a live connection: 1 to 126 on Linux. 2 by default: one can
   * be lost to chance, the second to the same burst (a change of cell, a tunnel), and all named profiles bear two.
   */
  readonly tolerateLost?: number | undefined;
  /**
   * After how much silence the application sends something by itself: a heartbeat's `interval`. It keeps the path open,
   * so an `idleTimeout` above it limits the `initialDelay` no more, and where there is time enough that becomes longer: no
   * live connection is probed. But a ping that is written just before the verdict puts it off by another user timeout.
   */
  readonly heartbeat?: number | undefined;
}

const names = ['detectWithin', 'idleTimeout', 'tolerateLost', 'heartbeat'] as const;
const second = 1000;
const { limits } = platform;
const longestUserTimeout = limits.userTimeout?.max ?? Infinity;

/**
 * Seconds. A sleeping phone listens for a call of its cell every 2.56 s at the longest (3GPP TS 36.331 and 38.331,
 * defaultPagingCycle rf256), then has to wake its radio up and to answer: an interval below would send the next probe to
 * a phone that is only late. It is also the interval of the `presence` profile.
 */
const shortestInterval = 5;
/** No interval is above the initial delay, or it would be what a live connection is probed by. */
const shortestDelay = shortestInterval;
const mostLost = Math.min(limits.count.max, Math.floor(longestUserTimeout / second / shortestInterval) - 1) - 1;
const defaultLost = 2;

/**
 * The quietest profile that meets the constraints: the fewest wake-ups, that is the longest `initialDelay`; then the
 * fewest probes to a vanished peer, then the longest `interval`. Frozen, with `userTimeout: 'match'`.
 *
 * The `count` is `tolerateLost + 1`. The `interval` is no longer than the `initialDelay` and no shorter than 5 s, which a
 * phone's radio may need to wake up and answer, nor than 4/3 of what the Linux kernel may round the initial delay up by
 * (about an eighth at most): a user timeout counts by the clock, not by probes, so with a shorter interval a first probe
 * that is late leaves no time for the others (measured: at 33 s / 1 s / 3 two of twelve peers that vanished were given up
 * after one probe; at 33 s / 5 s / 3 none before the third). So up to two lost probes are borne whatever is rounded; of more,
 * one in eight may be missing in the worst case.
 *
 * Throws `ERR_KEEPALIVE_PLAN` when two constraints cannot both be met, with both and by how much in the message;
 * `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for a bad argument.
 *
 * @example
 * ```ts
 * const constraints: KeepaliveConstraints = { detectWithin: 120_000, idleTimeout: 270_000 };
 * const quietest: KeepaliveProfile = planKeepalive(constraints);
 * ```
 */
export function planKeepalive(constraints: KeepaliveConstraints): Readonly<KeepaliveProfile> {
  const wanted = checkedConstraints(constraints);
  const { detectWithin, idleTimeout = Infinity, tolerateLost = defaultLost, heartbeat } = wanted;
  const count = tolerateLost + 1;
  const isKeptOpen = heartbeat !== undefined && heartbeat < idleTimeout;
  const verdictWithin = beforeHeartbeats(detectWithin, heartbeat);
  checkConflicts(wanted, verdictWithin, count, isKeptOpen ? Infinity : idleTimeout);

  const total = Math.floor(Math.min(verdictWithin, longestUserTimeout) / second);
  const fits = (delay: number) =>
    delay + count * leastInterval(delay) <= total && (isKeptOpen || latestTick(delay * second) < idleTimeout);
  const initialDelay = last(fits, shortestDelay, seconds(limits.initialDelay.max));
  const interval = Math.min(Math.floor((total - initialDelay) / count), initialDelay, seconds(limits.interval.max));
  return defineProfile({
    initialDelay: initialDelay * second,
    interval: interval * second,
    count,
    userTimeout: 'match',
  });
}

/**
 * What is left for a verdict that a ping may put off: what was written counts from then on, for a whole user timeout
 * (measured: with one of 5 s, pings 0 to 4.5 s after the cut had it fall 5.6 to 10.0 s after, each 5.4 s or so after the
 * ping). The ping comes a `heartbeat` after the last answer, or anywhere before the verdict if that is sooner.
 */
function beforeHeartbeats(detectWithin: number, heartbeat: number | undefined): number {
  return heartbeat === undefined ? detectWithin : Math.max(detectWithin - heartbeat, detectWithin / 2);
}

/** Seconds, growing with the delay. */
function leastInterval(initialDelay: number): number {
  return Math.max(shortestInterval, Math.ceil((coarsestStep(initialDelay * second) * 4) / 3 / second));
}

/** The last integer that fits, of a range whose first does: what fits stops fitting once. */
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

function checkConflicts(
  { detectWithin, heartbeat }: KeepaliveConstraints,
  verdictWithin: number,
  count: number,
  idleTimeout: number,
): void {
  const least = (shortestDelay + shortestInterval * count) * second;
  if (detectWithin < least) {
    const parts = `an initialDelay and ${count} intervals of ${shortestInterval * second} each`;
    throw conflict(
      `detectWithin ${detectWithin} and tolerateLost ${count - 1} need at least ${least} (${parts}): ${least - detectWithin} more${remedy(detectWithin)}`,
    );
  }
  if (heartbeat !== undefined && verdictWithin < least) {
    const enough = Math.min(least + heartbeat, 2 * least);
    throw conflict(
      `detectWithin ${detectWithin} and heartbeat ${heartbeat} need at least ${enough} (a ping just before the verdict puts it off): ${enough - detectWithin} more${remedy(verdictWithin)}`,
    );
  }
  const shortest = shortestDelay * second;
  const longer = latestTick(shortest) + 1;
  if (idleTimeout < longer) {
    throw conflict(
      `idleTimeout ${idleTimeout} and the shortest initialDelay of ${shortest}, which Linux may round up to ${longer - 1}, need at least ${longer}: ${longer - idleTimeout} more`,
    );
  }
}

function remedy(detectWithin: number): string {
  const count = Math.floor((seconds(detectWithin) - shortestDelay) / shortestInterval);
  return count < 2 ? '' : `, or a tolerateLost of ${count - 1}`;
}

function conflict(message: string): KeepaliveError {
  return new KeepaliveError('ERR_KEEPALIVE_PLAN', message);
}

/** Read once: an object can answer anything the second time. */
function checkedConstraints(constraints: KeepaliveConstraints): KeepaliveConstraints {
  assertObject('constraints', constraints);
  for (const [name, value] of Object.entries(constraints)) {
    const known = (names as readonly string[]).includes(name);
    if (!known) throw invalidArgumentType(`constraints.${name}`, `one of ${names.join(', ')}`, value);
  }
  const { detectWithin, idleTimeout, tolerateLost, heartbeat } = constraints;
  checkTime('detectWithin', detectWithin);
  if (idleTimeout !== undefined) checkTime('idleTimeout', idleTimeout);
  if (heartbeat !== undefined) checkTime('heartbeat', heartbeat);
  if (tolerateLost !== undefined) checkLost(tolerateLost);
  return { detectWithin, idleTimeout, tolerateLost, heartbeat };
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
