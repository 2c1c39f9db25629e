import { latestIdleVerdict, latestTick, latestWriteVerdict, type ProbeTiming } from './kernel-timers.js';
import { latestMacosProbe, latestMacosVerdict, latestMacosWriteVerdict } from './macos-timers.js';

/** What a kernel does at the latest, in milliseconds. */
export interface KernelBounds {
  /** From the last answer to the first probe. */
  firstProbe(timing: ProbeTiming): number;
  /** From the last answer to the end of an idle connection. `userTimeout` null: none is set. */
  idle(timing: ProbeTiming, userTimeout: number | null): number;
  /** From a write that stays unacknowledged to the end; null: only when the system gives up retransmitting. */
  inFlight(timing: ProbeTiming, userTimeout: number | null): number | null;
}

/**
 * The longest retransmission timeout that `inFlight` allows for: RFC 6298 starts with it, and Linux keeps it 200 ms or more
 * above the round trip, so it is longer only where round trips take more than half a second or vary by as much.
 */
const retransmissionTimeout = 1_000;

export const linuxBounds: KernelBounds = {
  firstProbe: (timing) => latestTick(period(timing)),
  idle: (timing, userTimeout) => Math.ceil(latestIdleVerdict(timing, userTimeout ?? 0)),
  inFlight: (_, userTimeout) =>
    userTimeout === null ? null : Math.ceil(latestWriteVerdict(userTimeout, retransmissionTimeout)),
};

export const macosBounds: KernelBounds = {
  firstProbe: (timing) => latestMacosProbe(timing, 1),
  idle: (timing) => latestMacosVerdict(timing),
  inFlight: (timing, userTimeout) =>
    Math.min(latestMacosVerdict(timing), latestMacosWriteVerdict(userTimeout ?? Infinity, retransmissionTimeout)),
};

/** Nothing is documented of how late a timer can be. */
export const windowsBounds: KernelBounds = {
  firstProbe: (timing) => period(timing),
  idle: (timing) => period(timing) + timing.interval * timing.count,
  inFlight: (_, userTimeout) => userTimeout,
};

/** How often a live connection is probed at least: a timer that runs already can fire one interval later. */
function period({ initialDelay, interval }: ProbeTiming): number {
  return Math.max(initialDelay, interval);
}
