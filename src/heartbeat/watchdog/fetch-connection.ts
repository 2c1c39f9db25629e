import type { KeepaliveError } from '../../index.js';
import type { ConnectionListener, Connection } from './connection.js';

type Fetch = typeof globalThis.fetch;

/** One request of `fetch`, from its start to the end of its response's body. */
export class FetchConnection implements Connection {
  readonly #listener: ConnectionListener;
  readonly #silence = new AbortController();
  /** Whether somebody waits for the next piece of the body. */
  #isAsked = true;

  constructor(listener: ConnectionListener) {
    this.#listener = listener;
  }

  async fetch(input: Parameters<Fetch>[0], init?: Parameters<Fetch>[1]): Promise<Response> {
    try {
      // Where `init` has none, that of the Request would be replaced.
      const own = init?.signal === undefined && input instanceof Request ? input.signal : init?.signal;
      const signal = own ? AbortSignal.any([this.#silence.signal, own]) : this.#silence.signal;
      const response = await fetch(input, { ...init, signal });
      this.#listener.heard();
      if (response.body !== null) return this.#withBody(response, this.#tapped(response.body.getReader()));
      this.#listener.closed();
      return response;
    } catch (error) {
      this.#listener.closed();
      throw error;
    }
  }

  wasHeard(): boolean {
    return false;
  }

  isDeaf(): boolean {
    return !this.#isAsked;
  }

  hasEnded(): boolean {
    return false;
  }

  end(error: KeepaliveError): void {
    this.#silence.abort(error);
  }

  release(): void {
    // What is read from now on goes through unwatched.
  }

  #tapped(reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: () => {
        this.#isAsked = false;
      },
      pull: async (controller) => {
        this.#isAsked = true;
        try {
          const { done, value } = await reader.read();
          this.#isAsked = false;
          this.#listener.heard();
          if (!done) {
            controller.enqueue(value);
            return;
          }
          this.#listener.closed();
          controller.close();
        } catch (error) {
          this.#listener.closed();
          throw error;
        }
      },
      cancel: (reason) => {
        this.#listener.closed();
        return reader.cancel(reason);
      },
    });
  }

  #withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
    const tapped = new Response(body, response);
    // Not to be given to the constructor, and wanted by those who were redirected.
    const { url, redirected } = response;
    return Object.defineProperties(tapped, { url: { value: url }, redirected: { value: redirected } });
  }
}
