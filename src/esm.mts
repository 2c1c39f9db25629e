// The same names for `import`, from the same single copy. By name: `export *` would add `__esModule`.
export {
  KeepaliveError,
  applyKeepalive,
  defineProfile,
  detectionTime,
  disableKeepalive,
  keepaliveSupport,
  profiles,
  readKeepalive,
  readSystemKeepalive,
} from './index.js';
export type {
  DetectionTime,
  KeepaliveErrorCode,
  KeepaliveLimits,
  KeepaliveProfile,
  KeepaliveRange,
  KeepaliveSettings,
  KeepaliveSupport,
} from './index.js';
