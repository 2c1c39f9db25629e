import type { Socket } from 'node:net';
import { afterMacosProbes } from '../profile/macos-timers.js';
import { platform } from '../profile/platform.js';
import type { CheckedProfile } from '../profile/profile.js';
import { CLOSED, borrowed, socketDescriptor } from '../socket/descriptor.js';
import { getSettings, lendPatience, putSettings, unansweredFor, type KeepaliveSettings } from '../socket/kernel.js';
import { Alarm } from '../util/alarm.js';

/** A socket whose kernel holds more than its profile says, until its peer is heard. */
interface Loan {
  readonly socket: WeakRef<Socket>;
  readonly profile: CheckedProfile;
  /** When the profile was applied, by `performance.now()`. */
  readonly since: number;
  /** What the kernel holds, and what it is to hold afterwards. */
  readonly held: KeepaliveSettings;
  readonly afterwards: KeepaliveSettings;
  /** When it is looked at next. */
  dueAt: number;
}

/** Both ends of what the kernel counts are rounded to its clock, of 10 ms at the most (CONFIG_HZ=100). */
const twoTicks = 20;

const loans = new Set<Loan>();
const bySocket = new WeakMap<Socket, Loan>();

/**
 * Puts a profile on a connection that may have been silent for long.
 *
 * The kernel holds what is new against all of the silence before: a user timeout counts from when the peer was last heard,
 * a count includes the probes that are unanswered already, so a live peer would be given up after one lost probe, or none.
 * Where that would be so, the kernel is given as much more as has passed. It is taken back once what the kernel counts
 * began after the profile was applied: the peer was heard, or data was sent that it has to acknowledge.
 *
 * macOS holds the whole silence against the peer, without a probe, and does not tell how long it was nor when the peer is
 * heard. There the count is first the highest that the kernel can hold, and the profile's once all of its probes have gone
 * out: who has answered one of them is judged by the silence since, who has not is given up at the next.
 *
 * @returns false when the socket held the profile already and was only read.
 */
export function setPatiently(socket: Socket, descriptor: number, profile: CheckedProfile): boolean {
  const known = loans.size > 0 ? bySocket.get(socket) : undefined;
  if (known !== undefined && isSame(known.profile, profile) && isSame(getSettings(descriptor), known.held))
    return false;
  const { changed, lent } = lendPatience(descriptor, profile);
  if (known !== undefined) loans.delete(known);
  if (lent > 0) lend(socket, profile, heldWith(lent, profile, descriptor), lent);
  return changed;
}

/** What the kernel holds now. It is asked where the profile does not say it: no user timeout, or in another unit. */
function heldWith(lent: number, profile: CheckedProfile, descriptor: number): KeepaliveSettings {
  const { initialDelay, interval, count, requestedUserTimeout: userTimeout } = profile;
  if (userTimeout === undefined || platform.countHoldsSilence) return getSettings(descriptor);
  const timing = { enabled: true, initialDelay, interval };
  return userTimeout === 0
    ? { ...timing, count: count + lent, userTimeout }
    : { ...timing, count, userTimeout: userTimeout + lent };
}

function lend(socket: Socket, profile: CheckedProfile, held: KeepaliveSettings, lent: number): void {
  const since = performance.now();
  const { count, userTimeout } = held;
  const afterwards =
    platform.countHoldsSilence || userTimeout === null || userTimeout === 0
      ? { count: count - lent }
      : { userTimeout: userTimeout - lent };
  const loan: Loan = {
    socket: new WeakRef(socket),
    profile,
    since,
    held,
    afterwards: { ...held, ...afterwards },
    dueAt: since + (platform.countHoldsSilence ? afterMacosProbes(profile) : period(held)),
  };
  bySocket.set(socket, loan);
  loans.add(loan);
  alarm.by(loan.dueAt);
}

/**
 * Often enough that data which is sent to a peer that vanishes meanwhile is given up in the profile's own time: the
 * retransmission timer doubles, so one that is set in the first third of that time still fires in it.
 */
function period({ initialDelay }: KeepaliveSettings): number {
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
  loan.dueAt = now + period(loan.held);
  borrowed(descriptor, () => {
    try {
      if (takeBack(descriptor, loan, now)) loans.delete(loan);
    } catch {
      // Nobody is there to be told of a refusal, and the peer only has more time than it needs.
    }
  });
}

/** Whether nothing is owed any more. */
function takeBack(descriptor: number, { since, held, afterwards }: Loan, now: number): boolean {
  if (unansweredFor(descriptor) + twoTicks > now - since) return false;
  // What somebody else has set meanwhile, or what a connection that was made since has got, stays.
  if (isSame(getSettings(descriptor), held)) putSettings(descriptor, afterwards);
  return true;
}

function isSame<T extends object>(some: T, others: T): boolean {
  return (Object.keys(some) as (keyof T)[]).every((name) => some[name] === others[name]);
}

/** Only during a round: an iterator that is kept holds on to all that has left the Set. */
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
