export type { HeartbeatClient } from './web-socket-client.js';
export {
  WebSocketHeartbeat,
  type WebSocketHeartbeatEvents,
  type WebSocketHeartbeatOptions,
  type WebSocketHeartbeatSnapshot,
} from './web-socket-heartbeat.js';
