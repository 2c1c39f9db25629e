import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { KeepaliveError } from '../../index.js';
import { override } from '../../util/override.js';
import { Received, TrafficPosition, waitingInProcess } from '../schedule/traffic-position.js';
import { hearChunks } from './chunks.js';
import type { ConnectionListener, Connection } from './connection.js';

/** The methods by which a Writable writes. */
type Writing = Partial<Record<'_write' | '_writev', (...args: never[]) => unknown>>;

/** A socket, a response, a stream of http2, or any other Readable. */
export class ReadableConnection implements Connection {
  readonly #stream: Readable;
  readonly #listener: ConnectionListener;
  readonly #received = new Received();
  readonly #position = new TrafficPosition();
  readonly #restores: (() => void)[];

  constructor(stream: Readable, listener: ConnectionListener) {
    this.#stream = stream;
    this.#listener = listener;
    this.wasHeard();
    stream.on('close', listener.closed);
    this.#restores = [hearChunks(stream, listener.heard)];
    if (listener.wrote !== undefined) this.#noteWrites(stream as Writing, listener.wrote);
  }

  /** All writes call one of these two, also those by `end(chunk)`, by a pipe or after `uncork()`. */
  #noteWrites(stream: Writing, wrote: () => void): void {
    for (const name of ['_write', '_writev'] as const) {
      if (typeof stream[name] !== 'function') continue;
      const restore = override(stream, name, (original) => {
        return (...args: never[]): unknown => {
          wrote();
          return Reflect.apply(original!, stream, args);
        };
      });
      this.#restores.push(restore);
    }
  }

  /** The bytes of a socket with `onread`, or of one that an HTTP parser has taken over, are not pushed. */
  wasHeard(): boolean {
    const { bytesRead } = this.#stream as Partial<Socket>;
    return bytesRead !== undefined && this.#received.hasGrown({ bytesRead });
  }

  /** A socket with `onread` buffers nothing. */
  isDeaf(): boolean {
    const { _handle: handle } = this.#stream as { _handle?: { readonly reading?: boolean } | null };
    if (handle?.reading === false) return true;
    return this.#stream.readableLength > 0 && this.#stream.readableLength >= this.#stream.readableHighWaterMark;
  }

  isSending(): boolean {
    const socket = this.#stream instanceof Socket ? this.#stream : undefined;
    return this.#position.advance(socket, waitingInProcess(socket)) === 'moved';
  }

  /** `readableEnded` would tell only that the end was read. */
  hasEnded(): boolean {
    const { _readableState: state } = this.#stream as { _readableState?: { readonly ended?: boolean } };
    return this.#stream.destroyed || state?.ended === true;
  }

  end(error: KeepaliveError): void {
    this.#stream.destroy(error);
  }

  release(): void {
    this.#stream.off('close', this.#listener.closed);
    for (const restore of this.#restores) restore();
  }
}
