import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { KeepaliveError } from '../../index.js';
import { override } from '../../util/override.js';
import { Received } from '../schedule/traffic-position.js';
import type { ConnectionListener, Connection } from './connection.js';

/** A socket, a response, a stream of http2, or any other Readable. */
export class ReadableConnection implements Connection {
  readonly #stream: Readable;
  readonly #listener: ConnectionListener;
  readonly #received = new Received();
  readonly #restore: () => void;

  constructor(stream: Readable, listener: ConnectionListener) {
    this.#stream = stream;
    this.#listener = listener;
    this.wasHeard();
    stream.on('close', listener.closed);
    // Each chunk is pushed, whoever reads it and whenever. A 'data' listener would make the stream flow.
    this.#restore = override(stream, 'push', (original) => {
      return function push(this: Readable, chunk: unknown, encoding) {
        if (chunk !== null) listener.heard();
        return original.call(this, chunk, encoding);
      };
    });
  }

  /** The bytes of a socket with `onread`, or of one that an HTTP parser has taken over, are not pushed. */
  wasHeard(): boolean {
    const { bytesRead } = this.#stream as Partial<Socket>;
    return bytesRead !== undefined && this.#received.hasGrown({ bytesRead });
  }

  isDeaf(): boolean {
    return this.#stream.readableLength > 0 && this.#stream.readableLength >= this.#stream.readableHighWaterMark;
  }

  hasEnded(): boolean {
    return this.#stream.destroyed || this.#stream.readableEnded;
  }

  end(error: KeepaliveError): void {
    this.#stream.destroy(error);
  }

  release(): void {
    this.#stream.off('close', this.#listener.closed);
    this.#restore();
  }
}
