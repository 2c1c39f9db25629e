import { KeepaliveError, display, invalidArgumentType } from '../util/errors.js';
import { roomForSilence, userTimeoutForCount, type ProbeTiming } from './kernel-timers.js';
import { platform, type KeepaliveRange } from './platform.js';

/**
 * How a connection is probed and when it is given up. All times are milliseconds, with the names and units of Node's
 * `socket.setKeepAlive(options)`, plus the user timeout.
 *
 * Nothing is rounded or coerced: a value that this OS cannot hold throws `ERR_KEEPALIVE_PROFILE`. The ranges below are
 * Linux's (`include/net/tcp.h`); `keepaliveSupport.limits` has those of the running OS.
 */
export interface KeepaliveProfile {
  /**
   * Silence before the first probe. Whole seconds, 1,000 to 32,767,000. The system's default is 7,200,000 (two hours).
   * TCP_KEEPIDLE on Linux and Windows, TCP_KEEPALIVE on macOS.
   */
  readonly initialDelay: number;
  /**
   * Time between probes without an answer. Whole seconds, 1,000 to 32,767,000. The system's default is 75,000 on Linux
   * and macOS, 1,000 on Windows. TCP_KEEPINTVL.
   */
  readonly interval: number;
  /**
   * Probes without an answer before the connection is given up. 1 to 127 (Windows 255). The system's default is 9 on
   * Linux, 8 on macOS, 10 on Windows. Linux ignores it while a user timeout is set, which then decides. TCP_KEEPCNT.
   */
  readonly count: number;
  /**
   * How long written data may stay unacknowledged. `'match'`, 0, or 1,000 to 2,147,483,647. Absent: the option is left
   * as it is.
   *
   * - `'match'`: `initialDelay + interval * count`, and on Linux enough more that `count` probes go out, because timers
   *   are rounded up. Left out where the OS has no user timeout.
   * - 0: the system's default, about 15 minutes of retransmission on Linux.
   * - a number: throws `ERR_KEEPALIVE_UNSUPPORTED` where the OS has no user timeout. 1 to 999 is refused, because it is
   *   seconds by mistake and would end live connections.
   *
   * On Linux (from 4.9 on) it also ends connections whose peer is alive but does not read. TCP_USER_TIMEOUT on Linux,
   * TCP_RXT_CONNDROPTIME on macOS (rounded up to whole seconds), TCP_MAXRTMS or TCP_MAXRT on Windows.
   */
  readonly userTimeout?: number | 'match' | undefined;
}

/** The values of a profile, checked for the running OS. */
export interface CheckedProfile extends ProbeTiming {
  readonly userTimeout: number | 'match' | undefined;
  /** The user timeout in milliseconds, where the OS has one. 0: the system's; undefined: left alone. */
  readonly requestedUserTimeout: number | undefined;
  /** Milliseconds of silence before the call that the user timeout has room for. */
  readonly room: number;
}

const fields = ['initialDelay', 'interval', 'count', 'userTimeout'] as const;
const second = 1000;
const { limits } = platform;
/** Only frozen profiles are cached: they cannot change. null: not checked yet. */
const checkedProfiles = new WeakMap<object, CheckedProfile | null>();

/**
 * Checks a profile once and returns a frozen copy, so that later calls with it check nothing.
 *
 * Throws `ERR_KEEPALIVE_PROFILE` (with `field`) for a field that is missing, unknown, of the wrong type or out of this
 * OS's range, `ERR_KEEPALIVE_UNSUPPORTED` for a `userTimeout` number where the OS has no such option, and
 * `ERR_INVALID_ARG_TYPE` for anything but an object. No system call is made.
 *
 * @example
 * ```ts
 * const profile = defineProfile({ initialDelay: 240_000, interval: 20_000, count: 3, userTimeout: 'match' });
 * ```
 */
export function defineProfile(profile: KeepaliveProfile): Readonly<KeepaliveProfile> {
  const fresh = check(profile);
  const { initialDelay, interval, count, userTimeout } = fresh;
  const times = { initialDelay, interval, count };
  const defined = Object.freeze(userTimeout === undefined ? times : { ...times, userTimeout });
  checkedProfiles.set(defined, fresh);
  return defined;
}

/** Freezes a profile that is checked when it is first used, and not when the package is loaded. */
export function nameProfile(profile: KeepaliveProfile): Readonly<KeepaliveProfile> {
  checkedProfiles.set(Object.freeze(profile), null);
  return profile;
}

/** The checked form of a profile. A result of {@link defineProfile} or {@link nameProfile} is not checked again. */
export function checked(profile: KeepaliveProfile): CheckedProfile {
  const known = checkedProfiles.get(profile);
  if (known) return known;
  const fresh = check(profile);
  if (known === null) checkedProfiles.set(profile, fresh);
  return fresh;
}

/**
 * The user timeout that `'match'` stands for. Where a user timeout replaces the count, it lets all of the probes go
 * out.
 */
export function matchingUserTimeout(timing: ProbeTiming): number {
  return platform.userTimeoutEndsProbing ? userTimeoutForCount(timing) : verdictByCount(timing);
}

/** When the count alone ends the connection if no timer is late. */
export function verdictByCount({ initialDelay, interval, count }: ProbeTiming): number {
  return initialDelay + interval * count;
}

function check(profile: KeepaliveProfile): CheckedProfile {
  if (!isObject(profile)) throw invalidArgumentType('profile', 'a KeepaliveProfile object', profile);
  for (const field of Object.keys(profile)) {
    if (!(fields as readonly string[]).includes(field)) throw unknownField(field);
  }
  const { initialDelay, interval, count, userTimeout } = profile;
  checkSeconds('initialDelay', initialDelay, limits.initialDelay);
  checkSeconds('interval', interval, limits.interval);
  checkInteger('count', count, limits.count, '');
  checkVerdict({ initialDelay, interval, count });
  checkUserTimeout(userTimeout);
  const requestedUserTimeout = userTimeout === 'match' ? match({ initialDelay, interval, count }) : userTimeout;
  const room = roomForSilence({ initialDelay, interval, count }, requestedUserTimeout ?? 0);
  return { initialDelay, interval, count, userTimeout, requestedUserTimeout, room };
}

/** The profile with a user timeout that a socket has already. */
export function withUserTimeout(profile: CheckedProfile, userTimeout: number): CheckedProfile {
  return { ...profile, userTimeout, requestedUserTimeout: userTimeout, room: roomForSilence(profile, userTimeout) };
}

function checkVerdict(timing: ProbeTiming): void {
  const verdict = verdictByCount(timing);
  if (verdict <= platform.longestVerdict) return;
  throw invalid(
    'count',
    `initialDelay + interval * count is ${verdict}, more than the ${platform.longestVerdict} that the kernel can hold; lower the interval or the count`,
  );
}

function match(timing: ProbeTiming): number {
  const timeout = matchingUserTimeout(timing);
  if (limits.userTimeout !== null && timeout > limits.userTimeout.max) {
    throw invalid(
      'userTimeout',
      `'match' is ${timeout} for this initialDelay, interval and count, more than the ${limits.userTimeout.max} that the kernel can hold; lower the interval or the count, or give a number`,
    );
  }
  return timeout;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkUserTimeout(userTimeout: number | 'match' | undefined): void {
  if (userTimeout === undefined || userTimeout === 'match') return;
  /* v8 ignore next 7 -- an OS without a user timeout */
  if (limits.userTimeout === null && typeof userTimeout === 'number') {
    throw new KeepaliveError(
      'ERR_KEEPALIVE_UNSUPPORTED',
      `userTimeout: ${process.platform} has no user timeout; use 'match' to set it only where the system has one`,
      { field: 'userTimeout', option: 'TCP_USER_TIMEOUT' },
    );
  }
  if (userTimeout === 0) return;
  /* v8 ignore next -- an OS without a user timeout */
  const range = { min: second, max: limits.userTimeout?.max ?? second };
  const unit = " milliseconds, or 'match'";
  if (Number.isInteger(userTimeout) && userTimeout > 0 && userTimeout < second) {
    const problem = `${userTimeout} is less than a second`;
    throw invalid('userTimeout', `${problem} (${allowed(range, unit, '0, ')})${intendedSeconds(userTimeout, range)}`);
  }
  checkInteger('userTimeout', userTimeout, range, unit, '0, ');
}

function checkSeconds(field: string, value: unknown, range: KeepaliveRange): void {
  const unit = ' milliseconds in whole seconds';
  if (Number.isInteger(value) && (value as number) % second !== 0) {
    const problem = `${display(value)} is not a whole number of seconds in milliseconds`;
    throw invalid(field, `${problem} (${allowed(range, unit)})${intendedSeconds(value as number, range)}`);
  }
  checkInteger(field, value, range, unit);
}

function checkInteger(field: string, value: unknown, range: KeepaliveRange, unit: string, also = ''): void {
  if (Number.isInteger(value) && within(range, value as number)) return;
  const remedy = allowed(range, unit, also);
  if (value === undefined) throw invalid(field, `is missing (${remedy})`);
  const shown = display(value);
  if (typeof value !== 'number') {
    throw invalid(
      field,
      `${shown} is of type ${typeof value}, not a number (${remedy})${intendedNumber(value, range)}`,
    );
  }
  const problem = Number.isInteger(value) ? 'out of range' : 'not an integer';
  throw invalid(field, `${shown} is ${problem} (${remedy})`);
}

function allowed({ min, max }: KeepaliveRange, unit: string, also = ''): string {
  return `allowed: ${also}${min} to ${max}${unit}`;
}

function within({ min, max }: KeepaliveRange, value: number): boolean {
  return value >= min && value <= max;
}

/** 30 was probably meant as seconds; for 1500 both neighbors are possible. */
function intendedSeconds(value: number, range: KeepaliveRange): string {
  const below = Math.floor(value / second) * second;
  const candidates = value < second ? [value * second] : [below, below + second];
  const meant = candidates.filter((candidate) => within(range, candidate));
  return meant.length === 0 ? '' : `; did you mean ${meant.join(' or ')}?`;
}

function intendedNumber(value: unknown, range: KeepaliveRange): string {
  const meant = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isInteger(meant) && within(range, meant) ? `; did you mean ${meant}?` : '';
}

function unknownField(field: string): KeepaliveError {
  const written = field.toLowerCase();
  const meant = fields.find((name) => {
    const known = name.toLowerCase();
    return written.length > 1 && (known.startsWith(written) || written.startsWith(known));
  });
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const problem = `is not a field of a profile (known: ${fields.join(', ')})${hint}`;
  return new KeepaliveError('ERR_KEEPALIVE_PROFILE', `${display(field)} ${problem}`, { field });
}

function invalid(field: string, problem: string): KeepaliveError {
  return new KeepaliveError('ERR_KEEPALIVE_PROFILE', `${field}: ${problem}`, { field });
}
