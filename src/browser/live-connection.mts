import { delayBefore, timesOf, type LiveOptions, type Times } from './options.mjs';

/** A worker has no document, and Node neither. */
const page: Partial<Pick<typeof globalThis, 'addEventListener' | 'removeEventListener' | 'document'>> = globalThis;

/** What a connection is doing: 'silent' is followed at once by 'reconnecting'. */
export type LiveState = 'connecting' | 'open' | 'silent' | 'reconnecting' | 'closed';

/** Timers of a hidden page may come a minute late; one that is later than this slept. Milliseconds. */
const lateWhereHidden = 65_000;
const lateWhereVisible = 2_000;

let lastTime = Date.now();
let passed = 0;

/** Milliseconds that also pass while the machine sleeps. A clock that is set back does not take them back. */
function clock(): number {
  const time = Date.now();
  passed += Math.max(0, time - lastTime);
  lastTime = time;
  return passed;
}

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
  /** When it is silent, or when the next attempt begins. */
  #deadline = 0;
  #openedAt = Infinity;
  #dueAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** undefined between attempts. */
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
        this.#openedAt = clock();
        this.#watch(this.#times.timeout);
        this.#become('open');
      }),
      heard: current(() => {
        this.#deadline = clock() + this.#times.timeout;
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
    const disconnect = this.#disconnect;
    this.#disconnect = undefined;
    disconnect?.();
  }

  #reconnect(): void {
    this.#drop();
    // A connection that lasted was a success; one that broke at once is one more attempt that failed.
    if (clock() - this.#openedAt > this.#times.reconnectWithin) this.#attempt = 0;
    this.#openedAt = Infinity;
    const delay = delayBefore(this.#attempt++, this.#times, this.retry);
    this.#become('reconnecting');
    if (!this.#isClosed()) this.#watch(delay);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #watch(time: number): void {
    clearTimeout(this.#timer);
    this.#deadline = clock() + time;
    this.#tick();
  }

  #tick(): void {
    const now = clock();
    const wait = Math.max(1, Math.min(this.#deadline - now, 5000));
    this.#dueAt = now + wait;
    this.#timer = setTimeout(this.#seen, wait);
  }

  /** Looks at the clock: by its timer, and as soon as the page is visible again. */
  #seen = (): void => {
    if (this.#isClosed()) return;
    clearTimeout(this.#timer);
    const now = clock();
    const late = now - this.#dueAt;
    if (now < this.#deadline && late <= lateWhereHidden) {
      this.#tick();
      return;
    }
    const hasWaited = this.#disconnect === undefined;
    const slept = late > (page.document?.hidden ? lateWhereHidden : lateWhereVisible);
    this.#drop();
    if (this.#state === 'open') this.#become('silent');
    if (hasWaited || slept) this.#renew();
    else if (!this.#isClosed()) this.#reconnect();
  };

  /** It has waited, the machine slept, or it is back online: what connection there was is not to be trusted. */
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
