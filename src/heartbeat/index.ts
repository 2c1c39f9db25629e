export {
  EventStreamHeartbeat,
  type EventStreamHeartbeatOptions,
  type EventStreamHeartbeatSnapshot,
} from './event-stream-heartbeat.js';
export type { EventStreamResponse } from './event-stream-response.js';
export type { HeartbeatClient } from './web-socket-client.js';
export {
  WebSocketHeartbeat,
  type WebSocketHeartbeatEvents,
  type WebSocketHeartbeatOptions,
  type WebSocketHeartbeatSnapshot,
} from './web-socket-heartbeat.js';
