import { Slot, binding, syscalls, whyUnavailable } from '../addon/binding.js';
import { CLOSED, missing, notTcp } from './descriptor.js';
import { KeepaliveError, systemErrorText } from '../util/errors.js';
import { answerHasUserTimeout, hasUserTimeout, platform } from '../profile/platform.js';
import type { CheckedProfile } from '../profile/profile.js';

/** What the kernel holds for one socket. Times in milliseconds. */
export interface KeepaliveSettings {
  /** SO_KEEPALIVE. */
  readonly enabled: boolean;
  /** Silence before the first probe: TCP_KEEPIDLE, on macOS TCP_KEEPALIVE. */
  readonly initialDelay: number;
  /** Between unanswered probes: TCP_KEEPINTVL. */
  readonly interval: number;
  /** Unanswered probes before the connection is dead: TCP_KEEPCNT. */
  readonly count: number;
  /**
   * How long written data may stay unacknowledged; 0 is the system's default, null where the OS has none. Linux
   * TCP_USER_TIMEOUT, macOS TCP_RXT_CONNDROPTIME (in whole seconds), Windows TCP_MAXRTMS or TCP_MAXRT, where Infinity is
   * retransmission without an end, and the system's default is read as the time that it is.
   */
  readonly userTimeout: number | null;
}

const second = 1000;
/** `native/socket_options_windows.cc`. */
const forever = -1;
const { absent, slots } = binding;

/** Values that the kernel accepted on a scratch socket. Bounded, because a program may generate profiles. */
const takenValues = new Set<string>();
const mostTakenValues = 1000;
/** Profiles with such values, so that their key is not made again for each socket. */
const takenProfiles = new WeakSet<CheckedProfile>();

/**
 * Sets a profile on a connected or listening socket, all of it or nothing.
 *
 * @returns false when the socket held it already and was only read.
 */
export function setProfile(descriptor: number, profile: CheckedProfile): boolean {
  put(descriptor, profile);
  return slots[Slot.changes] !== 0;
}

/**
 * The same on a connection that may have been silent for long: the silence before the call does not count against the
 * peer.
 *
 * @returns `lent`: how much was added to the user timeout (milliseconds), or to the count where there is none.
 */
export function lendPatience(descriptor: number, profile: CheckedProfile): { changed: boolean; lent: number } {
  put(descriptor, profile, profile.room);
  return { changed: slots[Slot.changes] !== 0, lent: slots[Slot.lent]! };
}

/** Milliseconds that the kernel counts against the peer now, as `binding.unansweredFor` rounds them. */
export function unansweredFor(descriptor: number): number {
  const answer = binding.unansweredFor(descriptor);
  if (answer < 0) throw refusalOf(answer, binding.tcpInfoSyscall, binding.tcpInfoName);
  return answer;
}

function put(descriptor: number, profile: CheckedProfile, room?: number): void {
  want(1, profile.initialDelay / second, profile.interval / second, profile.count, userTimeoutOf(profile));
  if (!takenProfiles.has(profile) && isTaken()) takenProfiles.add(profile);
  const errno = binding.apply(descriptor, room);
  if (errno !== 0) throw socketRefusal(errno);
}

/** For `binding.apply` and `binding.try`. */
function want(enabled: number, initialDelay: number, interval: number, count: number, userTimeout: number): void {
  slots[Slot.enabled] = enabled;
  slots[Slot.initialDelay] = initialDelay;
  slots[Slot.interval] = interval;
  slots[Slot.count] = count;
  slots[Slot.userTimeout] = userTimeout;
}

/** Whether the kernel has accepted what is wanted on a scratch socket. Throws if it refuses. */
function isTaken(): boolean {
  const key = slots.subarray(Slot.enabled, Slot.userTimeout + 1).join('/');
  if (takenValues.has(key)) return true;
  const errno = binding.try();
  // If no descriptor is left for the scratch socket, the profile is not tried. A refusal is still undone.
  if (errno !== 0 && refusedSyscall() === 'socket') return false;
  if (errno !== 0) throw refusal(errno);
  if (takenValues.size >= mostTakenValues) takenValues.clear();
  takenValues.add(key);
  return true;
}

/**
 * Restores what {@link getSettings} read. The system's defaults can be larger than what a socket accepts (Linux:
 * `net.ipv4.tcp_keepalive_time` of 86,400); then the largest accepted value is set.
 */
export function putSettings(descriptor: number, held: KeepaliveSettings): void {
  const { limits } = platform;
  want(
    held.enabled ? 1 : 0,
    Math.min(held.initialDelay, limits.initialDelay.max) / second,
    Math.min(held.interval, limits.interval.max) / second,
    Math.min(held.count, limits.count.max),
    held.userTimeout === Infinity ? forever : (held.userTimeout ?? absent),
  );
  const errno = binding.apply(descriptor);
  if (errno !== 0) throw refusal(errno);
}

/** How many connections of a listening socket wait to be accepted. */
export function acceptQueueLength(descriptor: number): number {
  return Math.max(0, binding.acceptQueueLength(descriptor));
}

/** Keepalive off and the user timeout back to the system's; the timing stays. */
export function clearProfile(descriptor: number): void {
  /* v8 ignore next -- an OS without a user timeout */
  want(0, absent, absent, absent, hasUserTimeout() ? 0 : absent);
  const errno = binding.apply(descriptor);
  if (errno !== 0) throw socketRefusal(errno);
}

/** What a connected or listening socket holds. */
export function getSettings(descriptor: number): KeepaliveSettings {
  const errno = binding.read(descriptor);
  if (errno !== 0) throw refusal(errno);
  return settings();
}

/**
 * The system's defaults: what a new socket of this process has. The kernel is asked on every call, so the answer is
 * right in a container too (Linux keeps `net.ipv4.tcp_keepalive_*` for each network namespace).
 *
 * Throws the kernel's error if no socket can be opened (`EMFILE`), `ERR_KEEPALIVE_UNSUPPORTED` on an OS without the
 * options, `ERR_KEEPALIVE_ADDON`.
 *
 * @example
 * ```ts
 * const { initialDelay }: KeepaliveSettings = readSystemKeepalive(); // 7,200,000 unless it was changed
 * ```
 */
export function readSystemKeepalive(): KeepaliveSettings {
  const errno = binding.readSystem();
  if (errno !== 0) throw refusal(errno);
  return settings();
}

let knownUserTimeout: boolean | undefined;

answerHasUserTimeout(() => {
  if (knownUserTimeout !== undefined) return knownUserTimeout;
  if (whyUnavailable !== null) return platform.limits.userTimeout !== null;
  const errno = binding.readSystem();
  const offered = errno === 0 ? slots[Slot.userTimeout] !== absent : platform.limits.userTimeout !== null;
  // No descriptor was left: ask again at the next call.
  if (errno === 0 || refusedSyscall() !== 'socket') knownUserTimeout = offered;
  return offered;
});

function userTimeoutOf({ userTimeout, requestedUserTimeout = absent }: CheckedProfile): number {
  /* v8 ignore next -- an OS without a user timeout */
  return userTimeout !== 'match' || hasUserTimeout() ? requestedUserTimeout : absent;
}

function settings(): KeepaliveSettings {
  const userTimeout = slots[Slot.userTimeout]!;
  return {
    enabled: slots[Slot.enabled] !== 0,
    initialDelay: slots[Slot.initialDelay]! * second,
    interval: slots[Slot.interval]! * second,
    count: slots[Slot.count]!,
    userTimeout: userTimeout === absent ? null : userTimeout === forever ? Infinity : userTimeout,
  };
}

function refusedSyscall(): (typeof syscalls)[number] {
  return syscalls[slots[Slot.refusedSyscall]!]!;
}

/** The error of a call whose details are not in `slots`. */
export function refusalOf(errno: number, syscall: string, option: string, state = ''): KeepaliveError {
  const { name, text } = systemErrorText(errno);
  const details = { errno, syscall, option };
  const problem = `${syscall} ${option} ${name}: ${text}`;
  if (name === 'ENOPROTOOPT') {
    return new KeepaliveError(
      'ERR_KEEPALIVE_UNSUPPORTED',
      `This system does not have the option (${problem})`,
      details,
    );
  }
  if (name === 'ENOTSOCK' || name === 'ENOTSUP' || name === 'EOPNOTSUPP') return notTcp(details);
  return new KeepaliveError(name, problem + state, details);
}

/** The error for a call on a user's socket, whose connection may be dead before Node knows it. */
function socketRefusal(errno: number): KeepaliveError {
  const error = refusal(errno);
  return platform.deadConnectionErrors.includes(error.code) ? missing(CLOSED, error) : error;
}

/** The error for the call that `slots` describes. */
function refusal(errno: number): KeepaliveError {
  const syscall = refusedSyscall();
  const { name, text } = systemErrorText(errno);
  if (syscall === 'socket') return new KeepaliveError(name, `${syscall} ${name}: ${text}`, { errno, syscall });

  const option = binding.optionNames[slots[Slot.refusedOption]!]!;
  const undoErrno = slots[Slot.undoError]!;
  const state = undoErrno === 0 ? 'is as it was' : `could not be put back (${systemErrorText(undoErrno).name})`;
  return refusalOf(errno, syscall, option, `; the socket ${state}`);
}
