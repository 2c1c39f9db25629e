/**
 * TCP keepalive and the user timeout of sockets, servers and whole processes: set, read back and watched.
 *
 * @packageDocumentation
 */
export { applyKeepaliveToAgent, type AgentKeepalive, type AgentKeepaliveOptions } from './keepalive/agent.js';
export { applyKeepalive, disableKeepalive } from './keepalive/apply.js';
export {
  checkProfile,
  type ProfileFinding,
  type ProfileFindingCode,
  type ProfileFindingSeverity,
} from './profile/check-profile.js';
export { detectionTime, type DetectionTime } from './profile/detection.js';
export { applyKeepaliveToAll, type FleetFailure, type FleetOptions, type FleetResult } from './keepalive/fleet.js';
export { disconnectReason, type DisconnectReason } from './liveness/disconnect-reason.js';
export { KeepaliveError, type KeepaliveErrorCode, type KeepaliveErrorDetails } from './util/errors.js';
export { readSystemKeepalive, type KeepaliveSettings } from './socket/kernel.js';
export type { KeepaliveLimits, KeepaliveRange } from './profile/platform.js';
export { LivenessMonitor, type LivenessEvents } from './liveness/monitor.js';
export type { LivenessOptions, LivenessProfileOptions } from './liveness/options.js';
export type { LivenessSnapshot } from './liveness/snapshot.js';
export {
  applyKeepaliveToProcess,
  type ProcessKeepalive,
  type ProcessKeepaliveOptions,
  type ProcessKeepaliveSnapshot,
} from './keepalive/process/process.js';
export type { ConnectionTarget } from './keepalive/process/outgoing.js';
export { planKeepalive, type KeepaliveConstraints } from './profile/plan.js';
export { defineProfile, type KeepaliveProfile } from './profile/profile.js';
export { paths, type KeepalivePath, type KnownPath, type PathName } from './profile/paths.js';
export { profiles } from './profile/profiles.js';
export { readKeepalive } from './keepalive/read.js';
export { keepaliveSupport, type KeepaliveSupport } from './keepalive/support.js';
export { applyKeepaliveToServer, type ServerKeepalive, type ServerKeepaliveOptions } from './keepalive/server.js';
export { lastHeard, readTcpInfo, type TcpInfo, type TcpState } from './socket/tcp-info.js';
export { keepaliveTraffic, type KeepaliveTraffic } from './profile/traffic.js';
