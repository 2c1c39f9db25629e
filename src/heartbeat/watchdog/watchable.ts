import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { unproxied } from '../../socket/unproxied.js';
import { EventSourceConnection, type WatchedEventSource } from './event-source-connection.js';
import { ReadableConnection } from './readable-connection.js';
import { WebSocketConnection, type WatchedWebSocket } from './web-socket-connection.js';
import type { ConnectionListener, Connection } from './connection.js';

/** Anything that a {@link SilenceWatchdog} can watch. */
export type Watchable = Readable | WatchedWebSocket | WatchedEventSource;

/** How to watch a target; undefined: it is nothing that can be watched. */
export function watcherFor(
  target: Watchable,
  ping: string,
): ((listener: ConnectionListener) => Connection) | undefined {
  if (target instanceof Readable) {
    const stream = target instanceof Socket ? unproxied(target) : target;
    return (listener) => new ReadableConnection(stream, listener);
  }
  if (has(target, ['terminate', 'on', 'off'])) {
    return (listener) => new WebSocketConnection(target as WatchedWebSocket, listener);
  }
  if (has(target, ['close', 'addEventListener', 'removeEventListener'])) {
    return (listener) => new EventSourceConnection(target as WatchedEventSource, ping, listener);
  }
  return undefined;
}

function has(target: unknown, methods: readonly string[]): boolean {
  if (typeof target !== 'object' || target === null) return false;
  return methods.every((name) => typeof (target as Record<string, unknown>)[name] === 'function');
}
