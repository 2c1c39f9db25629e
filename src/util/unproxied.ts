// What http2 hands out as a socket is a proxy: of the socket while the session or the stream lives, then of nothing.
// Without dependencies, so that the bundle of tcp-keepalive/heartbeat can have it too.
import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { types } from 'node:util';

const noEvent = Symbol();
const ignore = (): void => undefined;

/** The emitter itself, also behind the proxy that http2 hands out for its socket: an emitter answers itself. */
export function unproxied<T extends EventEmitter>(emitter: T): T {
  return types.isProxy(emitter) ? emitter.off(noEvent, ignore) : emitter;
}

/** Whether http2 handed this out as a socket that has ended since. */
export function hasEnded(value: unknown): boolean {
  return kindOf(value) === 'ended';
}

/** Whether this is a socket, or was handed out by http2 as one and has ended since. Nothing else can be asked of that. */
export function kindOf(value: unknown): 'socket' | 'ended' | 'other' {
  try {
    if (value instanceof Socket) return 'socket';
    // The `request.socket` of an http2 stream that has ended shows the stream.
    const isStream = value instanceof Duplex && 'rstCode' in value;
    return isStream && (value as { session?: unknown }).session === undefined ? 'ended' : 'other';
  } catch (error) {
    // The `socket` of an http2 session that has ended throws on any access.
    if ((error as { code?: unknown } | undefined)?.code === 'ERR_HTTP2_SOCKET_UNBOUND') return 'ended';
    throw error;
  }
}
