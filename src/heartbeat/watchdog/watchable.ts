import type { ClientHttp2Session } from 'node:http2';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { unproxied } from '../../util/unproxied.js';
import { invalidArgumentType } from '../../util/invalid-argument.js';
import { assertNotEnded } from '../fault.js';
import { isSession } from '../http2/http2-session.js';
import { EventSourceConnection, type WatchedEventSource } from './event-source-connection.js';
import { Http2Connection, isClientSession } from './http2-connection.js';
import { ReadableConnection } from './readable-connection.js';
import { WebSocketConnection, type WatchedWebSocket } from './web-socket-connection.js';
import type { ConnectionListener, Connection } from './connection.js';

/** Anything that a {@link SilenceWatchdog} can watch. */
export type Watchable = Readable | ClientHttp2Session | WatchedWebSocket | WatchedEventSource;

type Watcher = (listener: ConnectionListener) => Connection;

/** How to watch a target. Throws for what cannot be watched. */
export function watcherFor(target: Watchable, ping: string): Watcher {
  assertNotEnded('target', target);
  if (target instanceof Readable) {
    const stream = target instanceof Socket ? unproxied(target) : target;
    return (listener) => new ReadableConnection(stream, listener);
  }
  if (isClientSession(target)) return (listener) => new Http2Connection(target, listener);
  if (has(target, ['terminate', 'on', 'off'])) {
    return (listener) => new WebSocketConnection(target as WatchedWebSocket, listener);
  }
  const canListen = has(target, ['close', 'addEventListener', 'removeEventListener']);
  if (canListen && !has(target, ['send'])) {
    return (listener) => new EventSourceConnection(target as WatchedEventSource, ping, listener);
  }
  throw refused(target, 'a Readable, a client session of http2, a WebSocket of ws, or an EventSource', canListen);
}

/** Throws for what cannot be watched by what is written to it. */
export function assertWritten(target: Watchable): void {
  const isSocketOfSession = types.isProxy(target) && target instanceof Socket;
  if (isSocketOfSession || !(has(target, ['_write']) || has(target, ['send']) || isClientSession(target))) {
    const why = isSocketOfSession ? ' (of http2 give the session, not its socket)' : '';
    throw invalidArgumentType(
      'target',
      `a socket, a client session of http2, or a WebSocket of ws, with armedBy 'write'${why}`,
      target,
    );
  }
}

function refused(target: unknown, expected: string, isWebSocket: boolean): TypeError {
  let why = '';
  if (isWebSocket) why = ' (the WebSocket of web pages shows no pings: call heard() on each of its messages)';
  else if (isSession(target)) why = ' (sessions of a server are for Http2Heartbeat)';
  return invalidArgumentType('target', `${expected}${why}`, target);
}

function has(target: unknown, methods: readonly string[]): boolean {
  if (typeof target !== 'object' || target === null) return false;
  return methods.every((name) => typeof (target as Record<string, unknown>)[name] === 'function');
}
