import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { unproxied } from '../../util/unproxied.js';
import { invalidArgumentType } from '../../util/invalid-argument.js';
import { assertNotEnded } from '../fault.js';
import { EventSourceConnection, type WatchedEventSource } from './event-source-connection.js';
import { ReadableConnection } from './readable-connection.js';
import { WebSocketConnection, type WatchedWebSocket } from './web-socket-connection.js';
import type { ConnectionListener, Connection } from './connection.js';

/** Anything that a {@link SilenceWatchdog} can watch. */
export type Watchable = Readable | WatchedWebSocket | WatchedEventSource;

/** How to watch a target. Throws for what cannot be watched. */
export function watcherFor(target: Watchable, ping: string): (listener: ConnectionListener) => Connection {
  assertNotEnded('target', target);
  if (target instanceof Readable) {
    const stream = target instanceof Socket ? unproxied(target) : target;
    return (listener) => new ReadableConnection(stream, listener);
  }
  if (has(target, ['terminate', 'on', 'off'])) {
    return (listener) => new WebSocketConnection(target as WatchedWebSocket, listener);
  }
  const canListen = has(target, ['close', 'addEventListener', 'removeEventListener']);
  if (canListen && !has(target, ['send'])) {
    return (listener) => new EventSourceConnection(target as WatchedEventSource, ping, listener);
  }
  const why = canListen ? ' (the WebSocket of web pages shows no pings: call heard() on each of its messages)' : '';
  throw invalidArgumentType('target', `a Readable, a WebSocket of ws, or an EventSource${why}`, target);
}

function has(target: unknown, methods: readonly string[]): boolean {
  if (typeof target !== 'object' || target === null) return false;
  return methods.every((name) => typeof (target as Record<string, unknown>)[name] === 'function');
}
