export {
  EventStreamHeartbeat,
  type EventStreamHeartbeatOptions,
  type EventStreamHeartbeatSnapshot,
} from './event-stream-heartbeat.js';
export type { EventStreamResponse } from './event-stream-response.js';
export { SilenceWatchdog, type SilenceWatchdogOptions } from './silence-watchdog.js';
export type { Watchable } from './watchable.js';
export type { WatchedEventSource } from './watched-event-source.js';
export type { WatchedWebSocket } from './watched-web-socket.js';
export type { HeartbeatClient } from './web-socket-client.js';
export {
  WebSocketHeartbeat,
  type WebSocketHeartbeatEvents,
  type WebSocketHeartbeatOptions,
  type WebSocketHeartbeatSnapshot,
} from './web-socket-heartbeat.js';
