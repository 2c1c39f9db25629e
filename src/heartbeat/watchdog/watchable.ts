import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { unproxied } from '../../socket/unproxied.js';
import { WatchedSource, type WatchedEventSource } from './watched-event-source.js';
import { WatchedReadable } from './watched-readable.js';
import { WatchedClient, type WatchedWebSocket } from './watched-web-socket.js';
import type { Listener, Watched } from './watched.js';

/** Anything that a {@link SilenceWatchdog} can watch. */
export type Watchable = Readable | WatchedWebSocket | WatchedEventSource;

/** How to watch a target; undefined: it is nothing that can be watched. */
export function watcherFor(target: Watchable, ping: string): ((listener: Listener) => Watched) | undefined {
  if (target instanceof Readable) {
    const stream = target instanceof Socket ? unproxied(target) : target;
    return (listener) => new WatchedReadable(stream, listener);
  }
  if (has(target, ['terminate', 'on', 'off'])) {
    return (listener) => new WatchedClient(target as WatchedWebSocket, listener);
  }
  if (has(target, ['close', 'addEventListener', 'removeEventListener'])) {
    return (listener) => new WatchedSource(target as WatchedEventSource, ping, listener);
  }
  return undefined;
}

function has(target: unknown, methods: readonly string[]): boolean {
  if (typeof target !== 'object' || target === null) return false;
  return methods.every((name) => typeof (target as Record<string, unknown>)[name] === 'function');
}
