import { Received } from '../schedule/traffic-position.js';
import type { ConnectionListener, Connection } from './connection.js';
import { socketOf, type HeartbeatClient } from '../web-socket/web-socket-client.js';

/** What {@link SilenceWatchdog} uses of a WebSocket client: a `WebSocket` of `ws` has it. */
export interface WatchedWebSocket {
  terminate(): void;
  on(event: 'message' | 'ping' | 'pong' | 'open' | 'close', listener: () => void): unknown;
  off(event: 'message' | 'ping' | 'pong' | 'open' | 'close', listener: () => void): unknown;
}

const closed = 3;
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

  /** A part of a long message. */
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
    this.#client.terminate();
  }

  release(): void {
    for (const event of signs) this.#client.off(event, this.#listener.heard);
    this.#client.off('close', this.#listener.closed);
  }
}
