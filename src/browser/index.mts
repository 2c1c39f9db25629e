export type { LiveState, LiveConnection } from './live-connection.mjs';
export { LiveEventSource, type LiveEventSourceOptions } from './live-event-source.mjs';
export { LiveWebSocket, type LiveWebSocketOptions } from './live-web-socket.mjs';
export type { LiveOptions } from './options.mjs';
