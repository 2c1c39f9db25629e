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
   * Milliseconds, 1 to 2 147 483 647. Longer than the server's heartbeat by what an answer may take on the worst network: a
   * mail service that sends an event every 5 minutes has clients that reconnect after 6.
   */
  readonly timeout: number;
  /** After the silence, and after what was watched was destroyed: connect again here. */
  readonly onSilence?: ((silentFor: number, error: KeepaliveError) => void) | undefined;
  /** The type of event that the server's pings are, for {@link SilenceWatchdog.watch} of an `EventSource`: `'ping'`. */
  readonly event?: string | undefined;
}

/** Of the clock, while nothing is heard: so late is a sleep noticed at most. */
const longestTick = 2_000;
const ticksInTimeout = 4;

/**
 * The client's side of a heartbeat: tells when nothing was received for `timeout`, destroys what it watches with
 * `ERR_KEEPALIVE_SILENCE`, and so has the caller connect again.
 *
 * Only what is received counts. That is where it differs from `socket.setTimeout`, which a write starts anew: a client that goes
 * on writing to a lost connection does not notice. It follows one connection: `watch` the next one with the same watchdog.
 *
 * The time that a machine sleeps counts as silence and is noticed within two seconds of its waking; setting its clock does
 * not. After the process was held up, what came meanwhile is heard before anything is judged. Its timer does not hold
 * the process open.
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

  /** Something was received. Starts the clock if it does not run. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#alarm.by(0);
  }

  /**
   * Starts the clock, hears whatever the target receives, and ends it after silence. What was watched before is let go
   * of; with the target's end the clock stops. Answers the target.
   *
   * - A Readable: a `net` or `tls` socket, the response of an `http` request, a stream of `http2` (end its session too: others
   *   share it). Hears each chunk as it arrives, read or not; no listener is added that would make it flow, but a `push`
   *   of its own is put on the stream until then. Destroyed with the error. While the application reads nothing and the stream's
   *   buffer is full nothing can be received: that time does not count.
   * - A client of `ws`: messages, pings, pongs and parts of messages. Terminated: 'close' with code 1006, and the error
   *   goes to `onSilence` only. While it is paused the time does not count. A `WebSocket` as in web pages (the global one, that of
   *   `undici`) is refused: it shows no pings. Call {@link heard} on its messages if the server sends some often enough.
   * - An `EventSource`: 'open', 'message' and the event of the `event` option, as it shows neither comments nor events by
   *   other names: send named pings, call {@link heard} for others, or see {@link fetch}. Closed for good: make a new one in
   *   `onSilence`.
   *
   * Throws `ERR_INVALID_ARG_TYPE`, or `ERR_KEEPALIVE_CLOSED` for the socket of an http2 session that has ended.
   */
  watch<T extends Watchable>(target: T): T {
    this.#follow(watcherFor(target, this.#event));
    return target;
  }

  /**
   * `fetch`, watched from the request to the end of the response's body: silence makes it, or reading its body, fail with the
   * error. The response is the one that `fetch` returns; how its body is read is observed, by whatever means it is. Made for `new EventSource(url, { fetch: watchdog.fetch })` of the `eventsource` package, which then connects again by
   * itself and whose comments are heard too.
   *
   * Node's `fetch` ends a body by itself after 300 s without data: for heartbeats near that, or longer ones, give it a
   * `dispatcher` with another `bodyTimeout`. While nobody reads the body the time does not count.
   */
  readonly fetch: typeof globalThis.fetch = (input, init) => {
    const watched = this.#follow((listener) => new FetchConnection(listener));
    return watched.fetch(input, init);
  };

  /** Lets go of what it watches, which stays open, and stops the clock. */
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
      // What comes late of a connection that was followed before says nothing of this one.
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

  /** `unread`: milliseconds during which what arrived may not have been read yet; they do not count. */
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

  /** Milliseconds since something was heard; -1: nothing is to be heard any more. */
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
      // Whoever stops it, or watches something else, as that ends, wants to hear no more of it.
      if (this.#changes === before) this.#onSilence?.(silentFor, error);
    }
  }
}
