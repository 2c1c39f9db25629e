// The socket that http2 hands out is a proxy: of the socket while the session or stream lives, of nothing afterwards.
// This file has no dependencies, so that the bundle of tcp-keepalive/heartbeat can contain it too.
import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { types } from 'node:util';

const noEvent = Symbol();
const ignore = (): void => undefined;

/** The emitter itself, also behind the proxy of http2: a method of an emitter that returns `this` returns it. */
export function unproxied<T extends EventEmitter>(emitter: T): T {
  return types.isProxy(emitter) ? emitter.off(noEvent, ignore) : emitter;
}

/** Whether this is the proxy of an http2 session or stream that has ended. */
export function hasEnded(value: unknown): boolean {
  return kindOf(value) === 'ended';
}

/**
 * Whether this is a socket, or the proxy of an http2 session or stream that has ended. Nothing else can be asked of
 * such a proxy.
 */
export function kindOf(value: unknown): 'socket' | 'ended' | 'other' {
  try {
    if (value instanceof Socket) return 'socket';
    // The `request.socket` of an http2 stream that has ended gives access to the stream.
    const isStream = value instanceof Duplex && 'rstCode' in value;
    return isStream && (value as { session?: unknown }).session === undefined ? 'ended' : 'other';
  } catch (error) {
    // The `socket` of an http2 session that has ended throws on any access.
    if ((error as { code?: unknown } | undefined)?.code === 'ERR_HTTP2_SOCKET_UNBOUND') return 'ended';
    throw error;
  }
}
