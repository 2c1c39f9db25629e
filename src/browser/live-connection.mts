import { delayBefore, timesOf, type LiveOptions, type Times } from './options.mjs';

/** A worker has no document, and Node neither. */
const page: Partial<Pick<typeof globalThis, 'addEventListener' | 'removeEventListener' | 'document'>> = globalThis;

/** What a connection is doing: 'silent' is followed at once by 'reconnecting'. */
export type LiveState = 'connecting' | 'open' | 'silent' | 'reconnecting' | 'closed';

/** Timers of a hidden page may come a minute late; one that is later than this slept. */
const lateAtMost = 65_000;

/** An EventTarget that knows what its events carry. */
export interface LiveTarget<Data> extends EventTarget {
  addEventListener(type: 'message', listener: (event: MessageEvent<Data>) => void, options?: ListenerOptions): void;
  addEventListener(type: 'error', listener: (event: CustomEvent<string>) => void, options?: ListenerOptions): void;
  addEventListener(type: string, listener: Listener | null, options?: ListenerOptions): void;
}
type ListenerOptions = boolean | AddEventListenerOptions;
type Listener = EventListenerOrEventListenerObject;

const Target = EventTarget as new <Data>() => LiveTarget<Data>;

/** What both connections share: noticing silence, and connecting again. Dispatches 'statechange' and 'error'. */
export abstract class LiveConnection<Data = unknown> extends Target<Data> {
  #state: LiveState = 'connecting';
  #attempt = 0;
  #times: Times;
  #deadline = 0;
  #openedAt = 0;
  #tickedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #disconnect: (() => void) | undefined;

  constructor(options: LiveOptions) {
    super();
    this.#times = timesOf(options);
  }

  /** What the connection is doing now; 'statechange' is dispatched after each change. */
  get state(): LiveState {
    return this.#state;
  }

  /** Ends the connection for good. Does nothing the second time. */
  close(): void {
    this.#drop();
    page.removeEventListener?.('online', this.#renew);
    page.document?.removeEventListener('visibilitychange', this.#seen);
    this.#become('closed');
  }

  /** Begins one attempt, and returns what ends it; what it calls after that is ignored. */
  protected abstract connect(attempt: Attempt): () => void;

  /** The shortest time to wait before an attempt, as the server asked for it. */
  protected get retry(): number {
    return 0;
  }

  protected start(): void {
    this.#open();
    page.addEventListener?.('online', this.#renew);
    page.document?.addEventListener('visibilitychange', this.#seen);
  }

  #become(state: LiveState): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.dispatchEvent(new Event('statechange'));
  }

  #open(): void {
    this.#drop();
    let isCurrent = true;
    const current =
      <A extends unknown[]>(does: (...args: A) => void) =>
      (...args: A): void => {
        if (isCurrent) does(...args);
      };
    const end = this.connect({
      opened: current(() => {
        this.#openedAt = Date.now();
        this.#watch(this.#times.timeout);
        this.#become('open');
      }),
      heard: current(() => {
        this.#deadline = Date.now() + this.#times.timeout;
      }),
      lost: current(() => {
        this.#reconnect();
      }),
      failed: current((message: string) => {
        this.close();
        this.dispatchEvent(new CustomEvent('error', { detail: message }));
      }),
      ended: current(() => {
        this.close();
      }),
      emit: current((event: Event) => {
        this.dispatchEvent(event);
      }),
    });
    this.#disconnect = () => {
      isCurrent = false;
      end();
    };
    this.#watch(this.#times.connectTimeout);
  }

  /** Later attempts have no caller that could catch an error: what failed is reported, and tried again. */
  #openAgain(): void {
    try {
      this.#open();
    } catch (error) {
      this.dispatchEvent(new CustomEvent('error', { detail: String(error) }));
      this.#reconnect();
    }
  }

  #drop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
    const disconnect = this.#disconnect;
    this.#disconnect = undefined;
    disconnect?.();
  }

  #reconnect(): void {
    this.#drop();
    // A connection that lasted was a success; one that broke at once is one more attempt that failed.
    if (this.#openedAt > 0 && Date.now() - this.#openedAt > this.#times.reconnectWithin) this.#attempt = 0;
    this.#openedAt = 0;
    const delay = delayBefore(this.#attempt++, this.#times, this.retry);
    this.#become('reconnecting');
    if (this.#isClosed()) return;
    this.#retryTimer = setTimeout(() => {
      this.#openAgain();
    }, delay);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #watch(time: number): void {
    clearTimeout(this.#timer);
    this.#tickedAt = Date.now();
    this.#deadline = this.#tickedAt + time;
    this.#tick();
  }

  #tick(): void {
    this.#timer = setTimeout(this.#seen, Math.max(1, Math.min(this.#deadline - Date.now(), 5000)));
  }

  /** Looks at the clock: by its timer, and as soon as the page is visible again. */
  #seen = (): void => {
    if (this.#disconnect === undefined) return;
    clearTimeout(this.#timer);
    const now = Date.now();
    const slept = now - this.#tickedAt > lateAtMost;
    this.#tickedAt = now;
    if (now < this.#deadline && !slept) {
      this.#tick();
      return;
    }
    this.#drop();
    if (this.#state === 'open') this.#become('silent');
    if (slept) this.#renew();
    else if (!this.#isClosed()) this.#reconnect();
  };

  /** The machine slept or is back online: what connection there was is not to be trusted. */
  #renew = (): void => {
    if (this.#isClosed()) return;
    this.#become('reconnecting');
    if (!this.#isClosed()) this.#openAgain();
  };
}

/** What an attempt says of itself. */
export interface Attempt {
  opened: () => void;
  heard: () => void;
  lost: () => void;
  failed: (message: string) => void;
  ended: () => void;
  emit: (event: Event) => void;
}
