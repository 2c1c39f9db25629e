import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { KeepaliveError } from '../../index.js';
import { override } from '../../util/override.js';
import { unproxied } from '../../util/unproxied.js';
import { isSession } from '../http2/http2-session.js';
import { Received, TrafficPosition, waitingInProcess } from '../schedule/traffic-position.js';
import { hearChunks } from './chunks.js';
import type { ConnectionListener, Connection } from './connection.js';

/** `constants.NGHTTP2_SESSION_CLIENT` of `node:http2`. */
const client = 1;

export function isClientSession(value: unknown): value is ClientHttp2Session {
  return isSession(value) && value.type === client;
}

/**
 * A client session of http2. Where writes count, requests do, and only data on streams answers them. The frames that a
 * session sends by itself do not, nor does the answer to a PING, which a proxy gives while the server behind it is
 * stuck.
 */
export class Http2Connection implements Connection {
  readonly #session: ClientHttp2Session;
  readonly #listener: ConnectionListener;
  readonly #socket: Socket | undefined;
  readonly #received = new Received();
  readonly #position = new TrafficPosition();
  readonly #restores: (() => void)[] = [];
  /** Requests whose streams are open, each with the function that takes our methods and listeners off the stream. */
  readonly #streams = new Map<ClientHttp2Stream, () => void>();
  readonly #unanswered = new Set<ClientHttp2Stream>();

  constructor(session: ClientHttp2Session, listener: ConnectionListener) {
    this.#session = session;
    this.#listener = listener;
    this.#socket = session.destroyed ? undefined : unproxied(session.socket);
    this.#received.growth(this.#socket);
    session.on('close', listener.closed);
    if (listener.wrote !== undefined) this.#noteRequests(listener.wrote);
  }

  wasHeard(): boolean {
    return this.#listener.wrote === undefined && this.#received.hasGrown(this.#socket);
  }

  isDeaf(): boolean {
    return false;
  }

  isOwed(): boolean {
    return this.#unanswered.size > 0;
  }

  /** No answer can be expected either while the application still writes its request. */
  isSending(): boolean {
    const hasMoved = this.#position.advance(this.#socket, waitingInProcess(this.#socket)) === 'moved';
    return hasMoved || [...this.#unanswered].every(({ writableEnded }) => !writableEnded);
  }

  hasEnded(): boolean {
    return this.#session.destroyed;
  }

  /** Where a write is stuck, Node ends the session only once its socket is closed. */
  end(error: KeepaliveError): void {
    this.#session.destroy(error);
    this.#socket?.destroy();
  }

  release(): void {
    this.#session.off('close', this.#listener.closed);
    for (const restore of this.#restores) restore();
    for (const restore of this.#streams.values()) restore();
    this.#streams.clear();
  }

  #noteRequests(wrote: () => void): void {
    const restore = override(this.#session, 'request', (original) => {
      return (...args) => {
        const stream = original.apply(this.#session, args);
        this.#unanswered.add(stream);
        this.#follow(stream);
        wrote();
        return stream;
      };
    });
    this.#restores.push(restore);
  }

  #follow(stream: ClientHttp2Stream): void {
    const { heard } = this.#listener;
    const restorePush = hearChunks(stream, heard);
    const responded = (): void => {
      this.#unanswered.delete(stream);
      heard();
    };
    const closed = (): void => {
      restore();
      this.#streams.delete(stream);
      // A cancelled request leaves the others unanswered.
      if (this.#unanswered.delete(stream) && this.#unanswered.size === 0) heard();
    };
    const restore = (): void => {
      restorePush();
      stream.off('response', responded).off('close', closed);
    };
    stream.on('response', responded).on('close', closed);
    this.#streams.set(stream, restore);
  }
}
