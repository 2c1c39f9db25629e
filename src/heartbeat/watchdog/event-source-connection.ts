import type { ConnectionListener, Connection } from './connection.js';

/** The part of an `EventSource` that {@link SilenceWatchdog} uses. */
export interface WatchedEventSource {
  /** 2: closed. */
  readonly readyState: number;
  close(): void;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

const closed = 2;

export class EventSourceConnection implements Connection {
  readonly #source: WatchedEventSource;
  readonly #listener: ConnectionListener;
  readonly #events: readonly string[];

  constructor(source: WatchedEventSource, ping: string, listener: ConnectionListener) {
    this.#source = source;
    this.#listener = listener;
    this.#events = ['open', 'message', ping];
    for (const event of this.#events) source.addEventListener(event, listener.heard);
  }

  wasHeard(): boolean {
    return false;
  }

  isDeaf(): boolean {
    return false;
  }

  hasEnded(): boolean {
    return this.#source.readyState === closed;
  }

  end(): void {
    this.#source.close();
  }

  release(): void {
    for (const event of this.#events) this.#source.removeEventListener(event, this.#listener.heard);
  }
}
