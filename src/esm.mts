// The same names for `import`, from the same single copy. By name: `export *` would add `__esModule`.
export {
  KeepaliveError,
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToServer,
  defineProfile,
  detectionTime,
  disableKeepalive,
  keepaliveSupport,
  profiles,
  readKeepalive,
  readSystemKeepalive,
} from './index.js';
export type {
  AgentKeepalive,
  DetectionTime,
  KeepaliveErrorCode,
  KeepaliveLimits,
  KeepaliveProfile,
  KeepaliveRange,
  KeepaliveSettings,
  KeepaliveSupport,
  ServerKeepalive,
  ServerKeepaliveOptions,
} from './index.js';
