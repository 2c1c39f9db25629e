import type { EventEmitter } from 'node:events';
import { override } from '../../util/override.js';
import { Received, TrafficPosition, waitingInProcess } from '../schedule/traffic-position.js';
import type { ConnectionListener, Connection } from './connection.js';
import { isDeaf, socketOf, type HeartbeatClient } from '../web-socket/web-socket-client.js';

/** The part of a WebSocket client that {@link SilenceWatchdog} uses. A `WebSocket` of `ws` has it. */
export interface WatchedWebSocket {
  /** Needed with `armedBy: 'write'`. */
  send?(...args: never[]): void;
  terminate(): void;
  on(event: 'message' | 'ping' | 'pong' | 'open' | 'close', listener: () => void): unknown;
  off(event: 'message' | 'ping' | 'pong' | 'open' | 'close', listener: () => void): unknown;
}

const state = { connecting: 0, open: 1, closed: 3 };
const ignore = (): void => undefined;
const signs = ['open', 'message', 'ping', 'pong'] as const;
/** Not `pong`: it is an answer, and needs none. */
const questions = ['send', 'ping'] as const;
type Asking = Partial<Record<(typeof questions)[number], (...args: never[]) => unknown>>;

export class WebSocketConnection implements Connection {
  readonly #client: WatchedWebSocket & Partial<Omit<HeartbeatClient, 'ping'>>;
  readonly #listener: ConnectionListener;
  readonly #received = new Received();
  readonly #position = new TrafficPosition();
  readonly #restores: (() => void)[] = [];

  constructor(client: WatchedWebSocket, listener: ConnectionListener) {
    this.#client = client;
    this.#listener = listener;
    this.wasHeard();
    for (const event of signs) client.on(event, this.#onSign);
    client.on('close', listener.closed);
    if (listener.wrote !== undefined) this.#noteWrites(client, listener.wrote);
  }

  /** Sees parts of a long message. */
  wasHeard(): boolean {
    return this.#received.hasGrown(this.#socket());
  }

  isDeaf(): boolean {
    return isDeaf(this.#client as HeartbeatClient);
  }

  /** The request to upgrade needs an answer too. */
  isOwed(): boolean {
    return this.#client.readyState === state.connecting;
  }

  isSending(): boolean {
    const socket = this.#socket();
    return this.#position.advance(socket, waitingInProcess(socket)) === 'moved';
  }

  hasEnded(): boolean {
    return this.#client.readyState === state.closed;
  }

  end(): void {
    // A client that is still connecting emits 'error' when it is terminated. The application need not listen to that.
    const client = this.#client as Pick<EventEmitter, 'on' | 'off'> & WatchedWebSocket;
    client.on('error', ignore);
    client.on('close', function close() {
      client.off('error', ignore);
      client.off('close', close);
    });
    client.terminate();
  }

  release(): void {
    for (const restore of this.#restores) restore();
    for (const event of signs) this.#client.off(event, this.#onSign);
    this.#client.off('close', this.#listener.closed);
  }

  #socket(): ReturnType<typeof socketOf> {
    return socketOf(this.#client as HeartbeatClient);
  }

  #noteWrites(client: Asking, wrote: () => void): void {
    for (const name of questions.filter((method) => client[method] !== undefined)) {
      const restore = override(client, name, (original) => {
        return (...args: never[]): unknown => {
          if (this.#client.readyState === state.open) wrote();
          return Reflect.apply(original!, client, args);
        };
      });
      this.#restores.push(restore);
    }
  }

  /** A message that arrived before the last write does not answer it, even if its event comes later. */
  readonly #onSign = (): void => {
    if (this.#listener.wrote === undefined || this.#socket() === undefined || this.wasHeard()) this.#listener.heard();
  };
}
