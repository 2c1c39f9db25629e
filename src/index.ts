export { applyKeepaliveToAgent, type AgentKeepalive } from './agent.js';
export { applyKeepalive, disableKeepalive } from './apply.js';
export { checkProfile, type KeepalivePath, type ProfileFinding, type ProfileFindingCode } from './check-profile.js';
export { detectionTime, type DetectionTime } from './detection.js';
export { applyKeepaliveToAll, type FleetFailure, type FleetOptions, type FleetResult } from './fleet.js';
export { disconnectReason, type DisconnectReason } from './disconnect-reason.js';
export { KeepaliveError, type KeepaliveErrorCode, type KeepaliveErrorDetails } from './errors.js';
export { readSystemKeepalive, type KeepaliveSettings } from './kernel.js';
export type { KeepaliveLimits, KeepaliveRange } from './platform.js';
export {
  LivenessMonitor,
  type LivenessEvents,
  type LivenessOptions,
  type LivenessSnapshot,
} from './liveness-monitor.js';
export { planKeepalive, type KeepaliveConstraints } from './plan.js';
export { defineProfile, type KeepaliveProfile } from './profile.js';
export { profiles } from './profiles.js';
export { readKeepalive } from './read.js';
export { keepaliveSupport, type KeepaliveSupport } from './support.js';
export { applyKeepaliveToServer, type ServerKeepalive, type ServerKeepaliveOptions } from './server.js';
export { lastHeard, readTcpInfo, type TcpInfo, type TcpState } from './tcp-info.js';
export { keepaliveTraffic, type KeepaliveTraffic } from './traffic.js';
