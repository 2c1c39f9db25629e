// The same names for `import`, from the same single copy. By name: `export *` would add `__esModule`.
export { EventStreamHeartbeat, SilenceWatchdog, WebSocketHeartbeat } from './index.js';
export type {
  EventStreamHeartbeatOptions,
  EventStreamHeartbeatSnapshot,
  EventStreamResponse,
  HeartbeatClient,
  SilenceWatchdogOptions,
  Watchable,
  WatchedEventSource,
  WatchedWebSocket,
  WebSocketHeartbeatEvents,
  WebSocketHeartbeatOptions,
  WebSocketHeartbeatSnapshot,
} from './index.js';
