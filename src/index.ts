export { applyKeepalive, disableKeepalive } from './apply.js';
export { detectionTime, type DetectionTime } from './detection.js';
export { KeepaliveError, type KeepaliveErrorCode } from './errors.js';
export { readSystemKeepalive, type KeepaliveSettings } from './kernel.js';
export type { KeepaliveLimits, KeepaliveRange } from './platform.js';
export { defineProfile, type KeepaliveProfile } from './profile.js';
export { profiles } from './profiles.js';
export { readKeepalive } from './read.js';
export { keepaliveSupport, type KeepaliveSupport } from './support.js';
