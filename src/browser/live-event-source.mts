import { EventStreamParser } from './event-stream.mjs';
import { LiveConnection, type Attempt } from './live-connection.mjs';
import type { LiveOptions } from './options.mjs';

export interface LiveEventSourceOptions extends LiveOptions {
  /** Headers of each request, as `fetch` takes them. */
  readonly headers?: HeadersInit;
  /** Default 'GET'. */
  readonly method?: string;
  /** Sends cookies to other origins too. Default false. */
  readonly withCredentials?: boolean;
  /** Where to go on from, when a page kept it. Default '' (from now on). */
  readonly lastEventId?: string;
}

/**
 * An event source that notices silence.
 *
 * Reads the stream with `fetch`, so that comments count as signs of life and each new request sends `Last-Event-ID`
 * (another origin has to allow that header). Dispatches a `MessageEvent` for each event of the stream, 'statechange',
 * and 'error' with a message in `detail` when it gives up: a status other than 200, 204, 408, 429 and 5xx, or another
 * content type. 204 closes it. Throws TypeError or RangeError that names the option.
 */
export class LiveEventSource extends LiveConnection<string> {
  readonly url: string;
  #options: LiveEventSourceOptions;
  #parser: EventStreamParser;

  constructor(url: string | URL, options: LiveEventSourceOptions = {}) {
    super(options);
    this.url = new URL(url, (globalThis as { location?: Location }).location?.href).href;
    const { lastEventId = '', headers, method = 'GET' } = options;
    if (typeof lastEventId !== 'string') throw new TypeError('lastEventId: not a string');
    if (typeof method !== 'string') throw new TypeError('method: not a string');
    this.#options = { ...options, headers: [...new Headers(headers)] };
    this.#parser = new EventStreamParser(lastEventId);
    this.start();
  }

  /** The id of the last event that was dispatched. */
  get lastEventId(): string {
    return this.#parser.lastEventId;
  }

  protected override get retry(): number {
    return this.#parser.retry;
  }

  protected override connect(attempt: Attempt): () => void {
    const { retry, lastEventId } = this.#parser;
    this.#parser = new EventStreamParser(lastEventId);
    this.#parser.retry = retry;
    const abort = new AbortController();
    this.#read(attempt, this.#parser, abort.signal).catch(() => {
      attempt.lost();
    });
    return () => {
      abort.abort();
    };
  }

  async #read(attempt: Attempt, parser: EventStreamParser, signal: AbortSignal): Promise<void> {
    const { method = 'GET', withCredentials, headers: given } = this.#options;
    const headers = new Headers(given);
    headers.set('accept', 'text/event-stream');
    const { lastEventId } = parser;
    // As UTF-8: a header takes bytes.
    if (lastEventId) headers.set('last-event-id', String.fromCharCode(...new TextEncoder().encode(lastEventId)));
    const credentials = withCredentials ? 'include' : 'same-origin';
    const response = await fetch(this.url, { method, headers, credentials, cache: 'no-store', signal });
    const { status, body } = response;
    const type = response.headers.get('content-type') ?? 'no content type';
    if (status === 204) {
      attempt.ended();
      return;
    }
    if (status >= 500 || status === 408 || status === 429) {
      attempt.lost();
      return;
    }
    if (status !== 200) {
      attempt.failed(`${this.url} answered ${status}`);
      return;
    }
    if (!/^text\/event-stream\s*(;|$)/i.test(type)) {
      attempt.failed(`${this.url} answered with ${type}`);
      return;
    }
    attempt.opened();
    const reader = body!.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        attempt.lost();
        return;
      }
      attempt.heard();
      for (const { type, ...init } of parser.push(decoder.decode(value, { stream: true }))) {
        attempt.emit(new MessageEvent(type, { ...init, origin: new URL(this.url).origin }));
        if (signal.aborted) return; // by a listener: the next events are not dispatched
      }
    }
  }
}
