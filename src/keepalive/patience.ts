import { afterMacosProbes } from '../profile/macos-timers.js';
import { platform } from '../profile/platform.js';
import { withUserTimeout, type CheckedProfile } from '../profile/profile.js';
import { CLOSED, borrowed, handleDescriptor } from '../socket/descriptor.js';
import { getSettings, lendPatience, putSettings, unansweredFor, type KeepaliveSettings } from '../socket/kernel.js';
import type { Handle } from '../socket/runtime.js';
import { Alarm } from '../util/alarm.js';

const over = -1;

/**
 * A handle for which the kernel holds more than the profile says, until the peer is heard. Used again for later
 * profiles. Times are those of `performance.now()`, in whole milliseconds, for which V8 makes no object.
 */
class Loan {
  readonly handle: WeakRef<Handle>;
  profile: CheckedProfile;
  /** When the profile was applied. */
  since = 0;
  option: 'count' | 'userTimeout' = 'userTimeout';
  /** What the kernel holds of the option, and how much of it is lent. */
  held = 0;
  lent = 0;
  /** When the handle is looked at next. */
  dueAt = 0;
  /** In {@link loans}, or {@link over}. */
  place = over;

  constructor(handle: Handle, profile: CheckedProfile) {
    this.handle = new WeakRef(handle);
    this.profile = profile;
  }
}

// A property instead of a WeakMap, which holds the event loop while it grows and while garbage is collected. Two copies of
// this package find the same loan.
const latest: unique symbol = Symbol.for('tcp-keepalive.loan') as never;
type Borrower = Handle & { [latest]?: Loan | undefined };

const loans: Loan[] = [];

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
export function setPatiently(handle: Borrower, descriptor: number, profile: CheckedProfile): boolean {
  const loan = handle[latest];
  const known = loan?.place === over ? undefined : loan;
  if (known !== undefined && isSame(known.profile, profile) && isHeld(getSettings(descriptor), known)) return false;
  const wanted = known === undefined ? profile : withoutLoan(profile, descriptor, known);
  const { changed, lent } = lendPatience(descriptor, wanted);
  if (lent > 0) lend(handle, profile, lent, descriptor);
  else if (known instanceof Loan) end(known);
  return changed;
}

/** A profile without a user timeout leaves the one that the socket has, but not what was lent with it. */
function withoutLoan(profile: CheckedProfile, descriptor: number, { option, held, lent }: Loan): CheckedProfile {
  if (option === 'count' || profile.requestedUserTimeout !== undefined) return profile;
  return getSettings(descriptor).userTimeout === held ? withUserTimeout(profile, held - lent) : profile;
}

function lend(handle: Borrower, profile: CheckedProfile, lent: number, descriptor: number): void {
  const { count, requestedUserTimeout } = profile;
  // Without a user timeout of its own, the profile leaves the one that the socket has.
  const userTimeout =
    requestedUserTimeout === undefined ? getSettings(descriptor).userTimeout : requestedUserTimeout + lent;
  const byCount = platform.countHoldsSilence || requestedUserTimeout === 0 || userTimeout === null || userTimeout === 0;
  const latestLoan = handle[latest];
  // One of another copy is in a list of its own.
  const loan = latestLoan instanceof Loan ? latestLoan : new Loan(handle, profile);
  handle[latest] = loan;
  loan.profile = profile;
  loan.since = Math.ceil(performance.now());
  loan.option = byCount ? 'count' : 'userTimeout';
  loan.held = byCount ? count + lent : userTimeout;
  loan.lent = lent;
  loan.dueAt = platform.countHoldsSilence
    ? Math.ceil((loan.since + afterMacosProbes(profile)) / shortStep) * shortStep
    : nextLook(loan.since, profile);
  if (loan.place === over) loan.place = loans.push(loan) - 1;
  earliest = Math.min(earliest, loan.dueAt);
  alarm.by(loan.dueAt);
}

function end(loan: Loan): void {
  const last = loans.pop()!;
  if (last !== loan) {
    loans[loan.place] = last;
    last.place = loan.place;
  }
  loan.place = over;
}

/** A round passes all loans, so they are looked at together, at multiples of a step. Milliseconds. */
const shortStep = 128;

/**
 * At most a third of the initial delay from now. Data that is sent to a peer that vanishes meanwhile must be given up in
 * the profile's own time. The retransmission timer doubles, so a timer that is set in the first third of that time
 * still fires within it.
 */
function nextLook(now: number, { initialDelay }: CheckedProfile): number {
  const step = 2 ** Math.floor(Math.log2(initialDelay / 24));
  return Math.floor((now + initialDelay / 3) / step) * step;
}

function look(loan: Loan, now: number): void {
  const handle = loan.handle.deref();
  const descriptor = handle === undefined ? CLOSED : handleDescriptor(handle);
  if (descriptor < 0) {
    end(loan);
    return;
  }
  loan.dueAt = nextLook(now, loan.profile);
  borrowed(descriptor, () => {
    try {
      if (takeBack(descriptor, loan, now)) end(loan);
    } catch {
      // There is no caller to tell of a refusal, and the peer only keeps more time than it needs.
    }
  });
}

/** Takes back what was lent, if it is time. Returns whether nothing is lent any more. */
function takeBack(descriptor: number, loan: Loan, now: number): boolean {
  if (unansweredFor(descriptor) > now - loan.since) return false;
  const settings = getSettings(descriptor);
  // What other code has set meanwhile stays.
  if (settings[loan.option] === loan.held)
    putSettings(descriptor, { ...settings, [loan.option]: loan.held - loan.lent });
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

/** How many a round has still to pass. It goes backwards: what takes the place of one that ends was passed already. */
let left = 0;
let earliest = Infinity;

const alarm = new Alarm({
  begin: () => {
    left = loans.length;
    earliest = Infinity;
  },
  step: (now) => {
    left = Math.min(left, loans.length) - 1;
    const loan = loans[left];
    if (loan === undefined) return false;
    if (loan.dueAt <= now) look(loan, now);
    if (loan.place !== over) earliest = Math.min(earliest, loan.dueAt);
    return true;
  },
  next: () => earliest,
});
