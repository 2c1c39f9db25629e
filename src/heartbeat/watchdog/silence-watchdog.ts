import { checkedTime, checkedType, optional, readOptions } from '../../util/arguments.js';
import { KeepaliveError } from '../../index.js';
import { Alarm, type Work } from '../../util/alarm.js';
import { SleepClock } from '../../util/sleep-clock.js';
import { watcherFor, type Watchable } from './watchable.js';
import { FetchConnection } from './fetch-connection.js';
import type { ConnectionListener, Connection } from './connection.js';

/** Options of {@link SilenceWatchdog}. */
export interface SilenceWatchdogOptions {
  /**
   * Milliseconds, 1 to 2 147 483 647. Choose the interval of the server's heartbeat, and as much more as its delivery
   * can take on the worst network: the clients of a mail service that sends an event every 5 minutes reconnect after 6.
   */
  readonly timeout: number;
  /** Called after the silent connection was destroyed: connect again here. */
  readonly onSilence?: ((silentFor: number, error: KeepaliveError) => void) | undefined;
  /** The event type of the server's pings, for {@link SilenceWatchdog.watch} of an `EventSource`. Default: `'ping'`. */
  readonly event?: string | undefined;
}

/** Milliseconds between two looks at the clock: upper bound on how late a sleep of the machine is noticed. */
const longestTick = 2_000;
const ticksInTimeout = 4;

/**
 * The client's side of a heartbeat. When nothing was received for `timeout`, it destroys the connection that it watches
 * with `ERR_KEEPALIVE_SILENCE` and calls `onSilence`, in which the client connects again.
 *
 * Only what is received counts. `socket.setTimeout` differs: a write starts it anew, so a client that keeps writing to
 * a lost connection does not notice the loss. A watchdog watches one connection; call `watch` again for the next one.
 *
 * The time that the machine sleeps counts as silence, and is noticed within two seconds after it wakes; a change of its
 * clock does not count. After the process was held up, what arrived meanwhile is read before silence is judged. The
 * timer does not keep the process running.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad options.
 *
 * @example
 * ```ts
 * const options: SilenceWatchdogOptions = { timeout: 330_000, onSilence: () => console.log('to be connected again') };
 * const watchdog = new SilenceWatchdog(options);
 * const watched: Watchable = watchdog.watch(socket); // or a WatchedWebSocket, or a WatchedEventSource
 * ```
 */
export class SilenceWatchdog {
  readonly #timeout: number;
  readonly #onSilence: SilenceWatchdogOptions['onSilence'];
  readonly #event: string;
  readonly #clock = new SleepClock();
  #heardAt = 0;
  #watched: Connection | undefined;
  readonly #alarm: Alarm;
  #isRunning = false;
  /** How often it was stopped, or given something else to watch. */
  #changes = 0;

  constructor(options: SilenceWatchdogOptions) {
    const { timeout, onSilence, event } = readOptions(options, {
      timeout: checkedTime,
      onSilence: optional(checkedType('function'), undefined),
      event: optional(checkedType('string'), 'ping'),
    });
    this.#timeout = timeout;
    this.#onSilence = onSilence as SilenceWatchdogOptions['onSilence'];
    this.#event = event;
    this.#alarm = new Alarm(this.#work);
  }

  /** Tells the watchdog that something was received. Starts the clock if it does not run. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#alarm.by(0);
  }

  /**
   * Watches a connection: starts the clock, and ends the target after silence. The connection that was watched before
   * is released. The clock stops when the target ends. Returns the target.
   *
   * - A Readable: a `net` or `tls` socket, the response of an `http` request, a stream of `http2` (end its session too:
   *   other streams share it). Each chunk counts as it arrives, read or not: `push` of the stream is replaced while it
   *   is watched, and no listener is added that would make it flow. It is destroyed with the error. Time does not count
   *   while the application does not read and the buffer of the stream is full.
   * - A client of `ws`. Messages, parts of messages, pings and pongs count. It is terminated: it emits 'close' with
   *   code 1006, and only `onSilence` gets the error. Time does not count while it is paused. A `WebSocket` as in web
   *   pages (the global one, that of `undici`) is refused because it shows no pings: call {@link heard} for each
   *   message if the server sends messages often enough.
   * - An `EventSource`. 'open', 'message' and the event of the `event` option count; comments and events with other
   *   names do not show. So send named pings, call {@link heard} for other events, or use {@link fetch}. It is closed
   *   for good: create a new one in `onSilence`.
   *
   * Throws `ERR_INVALID_ARG_TYPE`, or `ERR_KEEPALIVE_CLOSED` for the socket of an http2 session that has ended.
   */
  watch<T extends Watchable>(target: T): T {
    this.#follow(watcherFor(target, this.#event));
    return target;
  }

  /**
   * `fetch`, watched from the request to the end of the response's body: after silence, the call or the reading of the
   * body fails with the error. It returns the response of `fetch` itself, whose body can be read in any way. Made for
   * `new EventSource(url, { fetch: watchdog.fetch })` of the `eventsource` package: comments count too, and the
   * `EventSource` connects again by itself.
   *
   * Node's `fetch` ends a body by itself after 300 s without data: for heartbeats near that or longer, give it a
   * `dispatcher` with another `bodyTimeout`. Time does not count while nobody reads the body.
   */
  readonly fetch: typeof globalThis.fetch = (input, init) => {
    const watched = this.#follow((listener) => new FetchConnection(listener));
    return watched.fetch(input, init);
  };

  /** Stops watching and stops the clock. The connection stays open. */
  stop(): void {
    this.#changes += 1;
    this.#watched?.release();
    this.#watched = undefined;
    this.#isRunning = false;
    this.#alarm.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #follow<W extends Connection>(watch: (listener: ConnectionListener) => W): W {
    this.#changes += 1;
    this.#watched?.release();
    const followed = watch({
      // Late events of the connection that was watched before are ignored.
      heard: () => {
        if (this.#watched === followed) this.heard();
      },
      closed: () => {
        if (this.#watched === followed) this.stop();
      },
    });
    this.#watched = followed;
    this.heard();
    return followed;
  }

  readonly #work: Work = {
    begin: (now, read) => {
      this.#judge(now - read);
    },
    step: () => false,
    next: (now) => {
      const left = this.#heardAt + this.#timeout - this.#clock.now();
      return now + Math.min(left, longestTick, this.#timeout / ticksInTimeout);
    },
  };

  /** `unread`: milliseconds during which what arrived may not have been read yet. They do not count as silence. */
  #judge(unread: number): void {
    let silentFor: number;
    try {
      silentFor = this.#silence() - unread;
    } catch (error) {
      this.stop(); // or it would throw in each round
      throw error;
    }
    if (silentFor >= this.#timeout) this.#bark(silentFor);
  }

  /** Milliseconds since something was heard; -1: the connection has ended. */
  #silence(): number {
    const watched = this.#watched;
    if (watched?.hasEnded() === true) {
      this.stop();
      return -1;
    }
    const now = this.#clock.now();
    if (watched?.wasHeard() === true || watched?.isDeaf() === true) this.#heardAt = now;
    return Math.round(now - this.#heardAt);
  }

  #bark(silentFor: number): void {
    const watched = this.#watched;
    const error = new KeepaliveError(
      'ERR_KEEPALIVE_SILENCE',
      `Nothing was received for ${silentFor} ms; the timeout is ${this.#timeout} ms`,
    );
    this.stop();
    const before = this.#changes;
    try {
      watched?.end(error);
    } finally {
      // Not where a listener of the connection has stopped the watchdog, or made it watch another one.
      if (this.#changes === before) this.#onSilence?.(silentFor, error);
    }
  }
}
