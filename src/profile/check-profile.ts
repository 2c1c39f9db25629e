import { platform } from './platform.js';
import { checkedPath, paths, type KeepalivePath } from './paths.js';
import { checked, verdictByCount, type CheckedProfile, type KeepaliveProfile } from './profile.js';
import {
  latestIdleVerdict,
  probePeriod,
  probesInOneTick,
  receiveBacklog,
  userTimeoutForCount,
  type ProbeTiming,
} from './kernel-timers.js';

/** Something about a profile that its author should know. */
export interface ProfileFinding {
  readonly code: ProfileFindingCode;
  /** What it can cost. */
  readonly severity: ProfileFindingSeverity;
  /** One sentence, with the numbers of this profile. */
  readonly message: string;
}

/**
 * How much a {@link ProfileFinding} matters.
 *
 * - `'danger'`: a live connection can be lost.
 * - `'warning'`: the profile does not do what it seems to say, or a vanished peer can stay unnoticed for long.
 * - `'note'`: worth knowing, also of a profile that is right.
 */
export type ProfileFindingSeverity = 'danger' | 'warning' | 'note';

/** The codes of {@link ProfileFinding}; they do not change. */
export type ProfileFindingCode =
  /** One lost probe can end a live connection: the count is 1, or the user timeout is over before the second probe. */
  | 'ONE_LOST_PROBE_KILLS'
  /** A peer that is alive but does not read for as long as the user timeout is ended too (Linux from 4.9 on). */
  | 'SLOW_CONSUMERS_MAY_END'
  /** The user timeout lets fewer or more probes go out than the count says. The count has no effect then (Linux). */
  | 'COUNT_IS_IGNORED'
  /** There is no user timeout, so unacknowledged data hides a vanished peer. */
  | 'NO_USER_TIMEOUT'
  /** The interval is longer than the initial delay: the peer is probed less often than the delay says. */
  | 'INTERVAL_ABOVE_INITIAL_DELAY'
  /** The path can forget the connection before the first probe, also counting how late the kernel's timers may be. */
  | 'IDLE_TIMEOUT_TOO_SHORT'
  /**
   * The path ends TCP and answers the probes itself, which tell nothing about the peer behind it. A danger where they do
   * not keep the path open either, unless the `heartbeat` comes before the idle timeout; else a note.
   */
  | 'PROXY_ANSWERS_PROBES'
  /** So many connections are probed in one tick that the receive backlog of loopback or veth can overflow. */
  | 'PROBES_OVERFLOW_BACKLOG'
  /** The heartbeat starts the idle timer anew before it ends: a live connection is never probed. */
  | 'HEARTBEAT_REPLACES_PROBES'
  /** Probes and heartbeats come at different times: a phone's radio wakes for each. */
  | 'HEARTBEAT_OUT_OF_STEP';

/**
 * Checks a profile before it is used, and returns what its author should know. Each finding has a stable `code`, a
 * `severity` and one sentence that explains it.
 *
 * It speaks for the OS that runs, so check a profile where it is to be used. The named profiles and the plans of {@link
 * planKeepalive} have no `'danger'` and no `'warning'` on the path that they are for.
 *
 * Throws as `defineProfile` does; `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for a bad `path`, a field that is not one of
 * {@link KeepalivePath}'s included.
 *
 * @example
 * ```ts
 * const path: KeepalivePath = { idleTimeout: 350_000, connections: 20_000 };
 * const findings: ProfileFinding[] = checkProfile(profiles.lowPower, path);
 * const codes: ProfileFindingCode[] = findings.map(({ code }) => code); // 'IDLE_TIMEOUT_TOO_SHORT' and two more
 * const severities: ProfileFindingSeverity[] = findings.map(({ severity }) => severity); // 'note', 'danger', 'note'
 * ```
 */
export function checkProfile(profile: KeepaliveProfile, path: KeepalivePath = {}): ProfileFinding[] {
  const wanted = checked(profile);
  const known = checkedPath(path);
  return [
    ...aboutUserTimeout(wanted),
    ...aboutCount(wanted),
    ...aboutTiming(wanted, known),
    ...aboutProxy(known),
    ...aboutBacklog(wanted, known),
    ...aboutHeartbeat(wanted, known),
  ];
}

/** On Linux the user timeout replaces the count, and network devices have a backlog. */
const isLinux = platform.userTimeoutEndsProbing;

function* aboutUserTimeout(profile: CheckedProfile): Generator<ProfileFinding> {
  const { requestedUserTimeout: userTimeout = 0 } = profile;
  if (userTimeout === 0) {
    if (platform.countHoldsSilence) return;
    const hangs = isLinux ? 'for about 15 minutes' : 'until the system gives up retransmitting it';
    yield {
      code: 'NO_USER_TIMEOUT',
      severity: 'warning',
      message: `Without a user timeout a write to a vanished peer hangs ${hangs}, whatever the probes find out after ${seconds(verdictByCount(profile))}.`,
    };
  } else if (isLinux) {
    yield {
      code: 'SLOW_CONSUMERS_MAY_END',
      severity: 'note',
      message: `On Linux a peer that is alive but does not read for ${seconds(userTimeout)} is given up as well.`,
    };
  }
}

function* aboutCount(profile: CheckedProfile): Generator<ProfileFinding> {
  const { count } = profile;
  const { requestedUserTimeout: userTimeout = 0 } = profile;
  const isNumber = isLinux && userTimeout !== 0 && profile.userTimeout !== 'match';
  if (isNumber ? userTimeout <= latestProbe(profile, 2) : count === 1) {
    const what = isNumber ? `On Linux a user timeout of ${seconds(userTimeout)}` : 'A count of 1';
    const enough = isNumber ? seconds(userTimeoutForCount({ ...profile, count: 2 })) : '2';
    yield {
      code: 'ONE_LOST_PROBE_KILLS',
      severity: 'danger',
      message: `${what} can end a live connection after one lost probe; give at least ${enough}, so that a second probe goes out.`,
    };
  }
  const match = userTimeoutForCount(profile);
  const isTooShort = count > 1 && userTimeout <= latestProbe(profile, count);
  if (isNumber && (isTooShort || userTimeout > match)) {
    yield {
      code: 'COUNT_IS_IGNORED',
      severity: 'warning',
      message: `On Linux a user timeout of ${seconds(userTimeout)} takes the place of the count of ${count}; 'match' stands for the ${seconds(match)} that this count needs.`,
    };
  }
}

/**
 * When the `number`-th unanswered probe goes out at the latest: the time at which a count that is lower by one would
 * end the connection.
 */
function latestProbe(timing: ProbeTiming, number: number): number {
  return latestIdleVerdict({ ...timing, count: number - 1 }, 0);
}

function* aboutTiming(profile: CheckedProfile, path: KeepalivePath): Generator<ProfileFinding> {
  const { initialDelay, interval } = profile;
  const { idleTimeout, heartbeat = Infinity } = path;
  const probesCount = path.path === undefined || paths[path.path].probesCount;
  if (interval > initialDelay && !platform.countHoldsSilence) {
    yield {
      code: 'INTERVAL_ABOVE_INITIAL_DELAY',
      severity: 'warning',
      message: `An interval of ${seconds(interval)} above the initial delay of ${seconds(initialDelay)} becomes the time between the probes of a live connection.`,
    };
  }
  const latest = platform.bounds.firstProbe(profile);
  if (probesCount && idleTimeout !== undefined && Math.min(latest, heartbeat) >= idleTimeout) {
    const late =
      initialDelay < heartbeat
        ? `a probe after ${seconds(probePeriod(profile))}, which the kernel may send as late as after ${seconds(latest)},`
        : `the heartbeat after ${seconds(heartbeat)}`;
    yield {
      code: 'IDLE_TIMEOUT_TOO_SHORT',
      severity: 'danger',
      message: `The path forgets an idle connection after ${seconds(idleTimeout)}, before ${late} could keep it alive.`,
    };
  }
}

function* aboutProxy({ path, idleTimeout = Infinity, heartbeat = Infinity }: KeepalivePath): Generator<ProfileFinding> {
  if (path === undefined || !paths[path].endsTcp) return;
  const { probesCount } = paths[path];
  const isKeptOpen = probesCount || heartbeat < idleTimeout;
  const timer = probesCount ? '' : `only data starts its idle timer of ${seconds(idleTimeout)} anew, and `;
  const enough = isKeptOpen ? '' : `, so give the connection a heartbeat of less than ${seconds(idleTimeout)}`;
  yield {
    code: 'PROXY_ANSWERS_PROBES',
    severity: isKeptOpen ? 'note' : 'danger',
    message: `The path '${path}' ends TCP: ${timer}it answers the probes for a peer that may have vanished behind it${enough}.`,
  };
}

function* aboutBacklog(
  profile: CheckedProfile,
  { connections = 0, device, heartbeat = Infinity }: KeepalivePath,
): Generator<ProfileFinding> {
  const { initialDelay, count } = profile;
  const together = initialDelay < heartbeat ? probesInOneTick(connections, probePeriod(profile)) : 0;
  if (together <= receiveBacklog || device === 'other' || !isLinux) return;
  yield {
    code: 'PROBES_OVERFLOW_BACKLOG',
    severity: device === undefined ? 'note' : 'danger',
    message: `Of ${connections} connections up to ${together} are probed in one tick: over loopback or veth (path.device) that is more than the ${receiveBacklog} packets that a receive backlog holds (net.core.netdev_max_backlog), so live ones can lose all of their ${count} probes there.`,
  };
}

/**
 * A phone's radio stays at high power for about this long after a packet, so packets meanwhile do not wake it. Each
 * operator sets this time: 11.6 s in the LTE network that Huang et al. measured (MobiSys 2012, doi
 * 10.1145/2307636.2307658).
 */
const radioTail = 10_000;

function* aboutHeartbeat(profile: CheckedProfile, { heartbeat }: KeepalivePath): Generator<ProfileFinding> {
  const { initialDelay } = profile;
  if (heartbeat === undefined) return;
  if (heartbeat <= initialDelay) {
    const { requestedUserTimeout: userTimeout = 0 } = profile;
    const byTcp = platform.countHoldsSilence
      ? `after ${seconds(verdictByCount(profile))} of silence`
      : userTimeout === 0
        ? 'by nothing before TCP gives up'
        : `by the user timeout of ${seconds(userTimeout)}`;
    yield {
      code: 'HEARTBEAT_REPLACES_PROBES',
      severity: 'note',
      message: `A heartbeat after ${seconds(heartbeat)} of silence starts the idle timer of ${seconds(initialDelay)} anew, so no live connection is probed, and a vanished peer is noticed by the heartbeat's own timeout or ${byTcp}.`,
    };
  } else if (heartbeat % initialDelay > radioTail) {
    const wakeUps = Math.ceil(heartbeat / initialDelay);
    yield {
      code: 'HEARTBEAT_OUT_OF_STEP',
      severity: 'note',
      message: `Probes every ${seconds(initialDelay)} and a heartbeat every ${seconds(heartbeat)} are out of step and wake a phone's radio ${wakeUps} times in ${seconds(heartbeat)}; a heartbeat every ${seconds(initialDelay)} or less needs no probes.`,
    };
  }
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`;
}
