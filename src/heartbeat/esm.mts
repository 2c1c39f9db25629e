// The same names for `import`, from the same single copy. By name: `export *` would add `__esModule`.
export { EventStreamHeartbeat, WebSocketHeartbeat } from './index.js';
export type {
  EventStreamHeartbeatOptions,
  EventStreamHeartbeatSnapshot,
  EventStreamResponse,
  HeartbeatClient,
  WebSocketHeartbeatEvents,
  WebSocketHeartbeatOptions,
  WebSocketHeartbeatSnapshot,
} from './index.js';
