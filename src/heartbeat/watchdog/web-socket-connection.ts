import type { EventEmitter } from 'node:events';
import { Received } from '../schedule/traffic-position.js';
import type { ConnectionListener, Connection } from './connection.js';
import { socketOf, type HeartbeatClient } from '../web-socket/web-socket-client.js';

/** The part of a WebSocket client that {@link SilenceWatchdog} uses. A `WebSocket` of `ws` has it. */
export interface WatchedWebSocket {
  terminate(): void;
  on(event: 'message' | 'ping' | 'pong' | 'open' | 'close', listener: () => void): unknown;
  off(event: 'message' | 'ping' | 'pong' | 'open' | 'close', listener: () => void): unknown;
}

const closed = 3;
const ignore = (): void => undefined;
const signs = ['open', 'message', 'ping', 'pong'] as const;

export class WebSocketConnection implements Connection {
  readonly #client: WatchedWebSocket;
  readonly #listener: ConnectionListener;
  readonly #received = new Received();

  constructor(client: WatchedWebSocket, listener: ConnectionListener) {
    this.#client = client;
    this.#listener = listener;
    this.wasHeard();
    for (const event of signs) client.on(event, listener.heard);
    client.on('close', listener.closed);
  }

  /** Sees parts of a long message. */
  wasHeard(): boolean {
    return this.#received.hasGrown(socketOf(this.#client as HeartbeatClient));
  }

  isDeaf(): boolean {
    return (this.#client as Partial<HeartbeatClient>).isPaused === true;
  }

  hasEnded(): boolean {
    return (this.#client as Partial<HeartbeatClient>).readyState === closed;
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
    for (const event of signs) this.#client.off(event, this.#listener.heard);
    this.#client.off('close', this.#listener.closed);
  }
}
