import { latestIdleVerdict, latestTick, latestWriteVerdict, probePeriod, type ProbeTiming } from './kernel-timers.js';
import { latestMacosProbe, latestMacosVerdict, latestMacosWriteVerdict } from './macos-timers.js';

/** Upper bounds on when a kernel acts, in milliseconds. */
export interface KernelBounds {
  /** From the last answer to the first probe. */
  firstProbe(timing: ProbeTiming): number;
  /** From the last answer to the end of an idle connection. `userTimeout` null: none is set. */
  idle(timing: ProbeTiming, userTimeout: number | null): number;
  /**
   * From a write that stays unacknowledged to the end. null: the system ends it only when it gives up retransmitting.
   */
  inFlight(timing: ProbeTiming, userTimeout: number | null): number | null;
}

/**
 * The longest retransmission timeout that `inFlight` allows for. RFC 6298 starts with this value. Later, Linux keeps
 * the timeout at least 200 ms above the round trip, so it is longer only where round trips take, or vary by, more than
 * half a second.
 */
const retransmissionTimeout = 1_000;

export const linuxBounds: KernelBounds = {
  firstProbe: (timing) => latestTick(probePeriod(timing)),
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

/** How late a timer can be is not documented. */
export const windowsBounds: KernelBounds = {
  firstProbe: (timing) => probePeriod(timing),
  idle: (timing) => probePeriod(timing) + timing.interval * timing.count,
  inFlight: (_, userTimeout) => userTimeout,
};
