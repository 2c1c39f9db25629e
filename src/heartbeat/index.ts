/**
 * Heartbeats, for what TCP cannot see: a frozen application, and a peer behind a proxy that answers probes itself.
 *
 * @packageDocumentation
 */
export {
  EventStreamHeartbeat,
  type EventStreamHeartbeatOptions,
  type EventStreamHeartbeatSnapshot,
} from './event-stream/event-stream-heartbeat.js';
export type { EventStreamResponse } from './event-stream/event-stream-response.js';
export {
  Http2Heartbeat,
  type Http2HeartbeatEvents,
  type Http2HeartbeatOptions,
  type Http2HeartbeatSnapshot,
} from './http2/http2-heartbeat.js';
export { SilenceWatchdog } from './watchdog/silence-watchdog.js';
export type { SilenceWatchdogOptions } from './watchdog/watchdog-options.js';
export type { Watchable } from './watchdog/watchable.js';
export type { WatchedEventSource } from './watchdog/event-source-connection.js';
export type { WatchedWebSocket } from './watchdog/web-socket-connection.js';
export type { HeartbeatClient } from './web-socket/web-socket-client.js';
export {
  WebSocketHeartbeat,
  type WebSocketHeartbeatEvents,
  type WebSocketHeartbeatOptions,
  type WebSocketHeartbeatSnapshot,
} from './web-socket/web-socket-heartbeat.js';
