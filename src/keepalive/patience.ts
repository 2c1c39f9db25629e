import type { Socket } from 'node:net';
import { afterMacosProbes } from '../profile/macos-timers.js';
import { platform } from '../profile/platform.js';
import type { CheckedProfile } from '../profile/profile.js';
import { CLOSED, borrowed, socketDescriptor } from '../socket/descriptor.js';
import { getSettings, lendPatience, putSettings, unansweredFor, type KeepaliveSettings } from '../socket/kernel.js';
import { Alarm } from '../util/alarm.js';

/** A socket for which the kernel holds more than the profile says, until the peer is heard. */
interface Loan {
  readonly socket: WeakRef<Socket>;
  readonly profile: CheckedProfile;
  /** When the profile was applied, by `performance.now()`. */
  readonly since: number;
  readonly option: 'count' | 'userTimeout';
  /** What the kernel holds of the option, and how much of it is lent. */
  readonly held: number;
  readonly lent: number;
  /** When the socket is looked at next. */
  dueAt: number;
}

/**
 * Milliseconds. Both ends of a time that the kernel counts are rounded to its ticks, of 10 ms at most (CONFIG_HZ=100).
 */
const twoTicks = 20;

const loans = new Set<Loan>();
const bySocket = new WeakMap<Socket, Loan>();

/**
 * Sets a profile on a connection that may have been silent for long.
 *
 * The kernel compares new settings with all of the silence before: a user timeout counts from when the peer was last
 * heard, and a count includes the probes that are unanswered already. A live peer could be given up after one lost
 * probe, or none. In that case the kernel is lent as much more as has passed. It is taken back once the time that the
 * kernel counts began after the profile was applied: the peer was heard, or data was sent that it has to acknowledge.
 *
 * macOS counts the whole silence against the peer, and tells neither how long it was nor when the peer is heard. There
 * the kernel is first given the highest count that it can hold, and the profile's count once all probes of the profile
 * have gone out. A peer that answered one of them is judged by the silence since then; one that did not is given up at
 * the next probe time.
 *
 * @returns false when the socket held the profile already and was only read.
 */
export function setPatiently(socket: Socket, descriptor: number, profile: CheckedProfile): boolean {
  const known = loans.size > 0 ? bySocket.get(socket) : undefined;
  if (known !== undefined && isSame(known.profile, profile) && isHeld(getSettings(descriptor), known)) return false;
  const { changed, lent } = lendPatience(descriptor, profile);
  if (known !== undefined) loans.delete(known);
  if (lent > 0) lend(socket, profile, lent, descriptor);
  return changed;
}

function lend(socket: Socket, profile: CheckedProfile, lent: number, descriptor: number): void {
  const since = performance.now();
  const { count, requestedUserTimeout } = profile;
  // Without a user timeout of its own, the profile leaves the one that the socket has.
  const userTimeout =
    requestedUserTimeout === undefined ? getSettings(descriptor).userTimeout : requestedUserTimeout + lent;
  const byCount = platform.countHoldsSilence || requestedUserTimeout === 0 || userTimeout === null || userTimeout === 0;
  const loan: Loan = {
    socket: new WeakRef(socket),
    profile,
    since,
    option: byCount ? 'count' : 'userTimeout',
    held: byCount ? count + lent : userTimeout,
    lent,
    dueAt: since + (platform.countHoldsSilence ? afterMacosProbes(profile) : period(profile)),
  };
  bySocket.set(socket, loan);
  loans.add(loan);
  alarm.by(loan.dueAt);
}

/**
 * How often to look. Data that is sent to a peer that vanishes meanwhile must be given up in the profile's own time.
 * The retransmission timer doubles, so a timer that is set in the first third of that time still fires within it.
 */
function period({ initialDelay }: CheckedProfile): number {
  return initialDelay / 3;
}

function look(loan: Loan, now: number): void {
  const socket = loan.socket.deref();
  const isCurrent = socket !== undefined && bySocket.get(socket) === loan;
  const descriptor = isCurrent ? socketDescriptor(socket) : CLOSED;
  if (descriptor < 0) {
    loans.delete(loan);
    return;
  }
  loan.dueAt = now + period(loan.profile);
  borrowed(descriptor, () => {
    try {
      if (takeBack(descriptor, loan, now)) loans.delete(loan);
    } catch {
      // There is no caller to tell of a refusal, and the peer only keeps more time than it needs.
    }
  });
}

/** Takes back what was lent, if it is time. Returns whether nothing is lent any more. */
function takeBack(descriptor: number, loan: Loan, now: number): boolean {
  if (unansweredFor(descriptor) + twoTicks > now - loan.since) return false;
  const settings = getSettings(descriptor);
  // Settings that other code has made meanwhile, or that belong to a later connection, stay.
  if (isHeld(settings, loan)) putSettings(descriptor, { ...settings, [loan.option]: loan.held - loan.lent });
  return true;
}

function isHeld(settings: KeepaliveSettings, { profile, option, held }: Loan): boolean {
  const { enabled, initialDelay, interval, count } = settings;
  const isProbed = enabled && initialDelay === profile.initialDelay && interval === profile.interval;
  return isProbed && settings[option] === held && (option === 'count' || count === profile.count);
}

function isSame(some: CheckedProfile, other: CheckedProfile): boolean {
  return (
    some.initialDelay === other.initialDelay &&
    some.interval === other.interval &&
    some.count === other.count &&
    some.requestedUserTimeout === other.requestedUserTimeout
  );
}

/** Exists only during a round: an iterator that is kept would keep elements in memory that have left the Set. */
let rest: Iterator<Loan> | undefined;
let earliest = Infinity;

const alarm = new Alarm({
  begin: () => {
    rest = loans.values();
    earliest = Infinity;
  },
  step: (now) => {
    const next = rest?.next();
    if (next === undefined || next.done === true) {
      rest = undefined;
      return false;
    }
    const loan = next.value;
    if (loan.dueAt <= now) look(loan, now);
    earliest = Math.min(earliest, loan.dueAt);
    return true;
  },
  next: () => (loans.size === 0 ? Infinity : earliest),
});
