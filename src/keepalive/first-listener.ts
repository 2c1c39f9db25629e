import type { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';

// Prevents that two copies of this package on one server move ahead of each other for ever.
const staysFirst: unique symbol = Symbol.for('tcp-keepalive.stays-first') as never;
type ConnectionListener = ((socket: Socket) => void) & { [staysFirst]?: true };

/** A 'connection' listener that runs before all others, even those that are prepended later. */
export class FirstListener {
  readonly #server: Server;
  readonly #listener: ConnectionListener;
  #overtaking = false;

  constructor(server: Server, listener: (socket: Socket) => void) {
    this.#server = server;
    this.#listener = Object.assign(listener, { [staysFirst]: true as const });
  }

  get isThere(): boolean {
    return this.#server.listenerCount('connection', this.#listener) > 0;
  }

  add(): void {
    putFirst(this.#server, 'connection', this.#listener);
    putFirst(this.#server, 'newListener', this.#onNewListener);
  }

  remove(): void {
    this.#server.removeListener('connection', this.#listener);
    this.#server.removeListener('newListener', this.#onNewListener);
  }

  /** At most once in each turn of the event loop, because other code may do the same. */
  readonly #onNewListener = (event: string | symbol, added: ConnectionListener): void => {
    if (event !== 'connection' || added[staysFirst] === true || this.#overtaking) return;
    this.#overtaking = true;
    queueMicrotask(() => {
      if (this.isThere) putFirst(this.#server, 'connection', this.#listener);
    });
    setImmediate(() => (this.#overtaking = false)).unref();
  };
}

export function putFirst(server: Server, event: string, handler: Parameters<EventEmitter['prependListener']>[1]): void {
  server.removeListener(event, handler);
  server.prependListener(event, handler);
}
