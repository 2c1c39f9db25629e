import type { KeepaliveError } from '../../index.js';
import type { Connection, ConnectionListener } from './connection.js';
import { observeBody, type BodyListener } from './observed-body.js';

type Fetch = typeof globalThis.fetch;

/** One request of `fetch`, from its start to the end of its response's body. */
export class FetchConnection implements Connection {
  readonly #listener: ConnectionListener;
  readonly #silence = new AbortController();
  /** How many readers wait, for the response or for the next piece of its body. */
  #asking = 1;
  #hasResponse = false;
  /** How many bodies can be read: that of the response and those of its clones. */
  #readers = 1;

  constructor(listener: ConnectionListener) {
    this.#listener = listener;
  }

  async fetch(input: Parameters<Fetch>[0], init?: Parameters<Fetch>[1]): Promise<Response> {
    try {
      // A Request given as `init` has no own properties.
      if (init instanceof Request) return await this.#fetch(new Request(input, init), undefined);
      return await this.#fetch(input, init);
    } catch (error) {
      this.#listener.closed();
      throw error;
    }
  }

  wasHeard(): boolean {
    return false;
  }

  isDeaf(): boolean {
    return this.#asking === 0;
  }

  isOwed(): boolean {
    return !this.#hasResponse;
  }

  hasEnded(): boolean {
    return false;
  }

  end(error: KeepaliveError): void {
    this.#silence.abort(error);
  }

  release(): void {
    // Later reads pass through unwatched.
  }

  async #fetch(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1]): Promise<Response> {
    // Without a signal in `init`, the signal of the Request has to be kept.
    const own = init?.signal === undefined && input instanceof Request ? input.signal : init?.signal;
    const signal = own ? AbortSignal.any([this.#silence.signal, own]) : this.#silence.signal;
    const response = await fetch(input, { ...init, signal });
    this.#asking = 0;
    this.#hasResponse = true;
    this.#listener.heard();
    observeBody(response, this.#bodyListener);
    return response;
  }

  readonly #bodyListener: BodyListener = {
    asked: () => {
      this.#asking += 1;
    },
    heard: () => {
      this.#asking -= 1;
      this.#listener.heard();
    },
    ended: () => {
      this.#listener.closed();
    },
    forked: () => {
      this.#readers += 1;
    },
    dropped: () => {
      this.#readers -= 1;
      if (this.#readers === 0) this.#listener.closed();
    },
  };
}
