// The same names for `import`, from the same single copy. By name: `export *` would add `__esModule`.
export { WebSocketHeartbeat } from './index.js';
export type {
  HeartbeatClient,
  WebSocketHeartbeatEvents,
  WebSocketHeartbeatOptions,
  WebSocketHeartbeatSnapshot,
} from './index.js';
