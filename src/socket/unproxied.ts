import type { EventEmitter } from 'node:events';

const noEvent = Symbol();
const ignore = (): void => undefined;

/** The emitter itself, also behind the proxy that http2 hands out for its socket: an emitter answers itself. */
export function unproxied<T extends EventEmitter>(emitter: T): T {
  return emitter.off(noEvent, ignore);
}
