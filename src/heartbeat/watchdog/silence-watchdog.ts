import { KeepaliveError } from '../../index.js';
import { Alarm, type Work } from '../../util/alarm.js';
import { SleepClock } from '../../util/sleep-clock.js';
import { assertWritten, watcherFor, type Watchable } from './watchable.js';
import { FetchConnection } from './fetch-connection.js';
import { readWatchdogOptions, type SilenceWatchdogOptions } from './watchdog-options.js';
import type { ConnectionListener, Connection } from './connection.js';

/** Of the clock, while nothing is heard: so late is a sleep noticed at most. */
const longestTick = 2_000;
const ticksInTimeout = 4;

/**
 * The client's side of a heartbeat: tells when nothing was received for `timeout`, destroys what it watches with
 * `ERR_KEEPALIVE_SILENCE`, and so has the caller connect again.
 *
 * Only what is received counts. That is where it differs from `socket.setTimeout`, which a write starts anew: a client that goes
 * on writing to a lost connection does not notice. With `armedBy: 'write'` silence counts only while what was written is not
 * answered. It follows one connection: `watch` the next one with the same watchdog.
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
 * // For a pooled connection: silence is well, a request without an answer is not.
 * new SilenceWatchdog({ timeout: 30_000, armedBy: 'write' }).watch(socket);
 * ```
 */
export class SilenceWatchdog {
  readonly #timeout: number;
  readonly #onSilence: SilenceWatchdogOptions['onSilence'];
  readonly #event: string;
  readonly #isArmedByWrite: boolean;
  readonly #clock = new SleepClock();
  #heardAt = 0;
  #watched: Connection | undefined;
  readonly #alarm: Alarm;
  #isRunning = false;
  /** How often it was stopped, or given something else to watch. */
  #changes = 0;

  constructor(options: SilenceWatchdogOptions) {
    const { timeout, onSilence, event, armedBy } = readWatchdogOptions(options);
    this.#timeout = timeout;
    this.#onSilence = onSilence;
    this.#event = event;
    this.#isArmedByWrite = armedBy === 'write';
    this.#alarm = new Alarm(this.#work);
  }

  /** Something was received. Starts the clock if it does not run; with `armedBy: 'write'`, stops it. */
  heard(): void {
    if (!this.#isArmedByWrite || this.#watched?.isOwed?.() === true) this.#start();
    else this.#isRunning = false; // the timer may fire once more, which is cheaper than to end it each time
  }

  /**
   * Something was written that wants an answer: with `armedBy: 'write'`, starts the clock if it does not run. `watch` calls it
   * for what is written to its target. Call it for other connections, and after an answer if more are due.
   */
  wrote(): void {
    if (!this.#isArmedByWrite) return;
    // What was received before this write answers earlier ones only.
    const isAnswered = this.#watched?.wasHeard() === true;
    if (isAnswered || !this.#isRunning) this.#start();
  }

  /**
   * Starts the clock, hears whatever the target receives, and ends it after silence. What was watched before is let go
   * of; with the target's end the clock stops. Answers the target.
   *
   * - A Readable: a `net` or `tls` socket, the response of an `http` request, a stream of `http2` (end its session too: others
   *   share it). Hears each chunk as it arrives, read or not; no listener is added that would make it flow, but a `push`
   *   of its own is put on the stream until then. Destroyed with the error. While the application reads nothing and the stream's
   *   buffer is full nothing can be received: that time does not count.
   * - A client session of `http2`: whatever it receives. Destroyed with the error, and so are its streams.
   * - A client of `ws`: messages, pings, pongs and parts of messages. Terminated: 'close' with code 1006, and the error
   *   goes to `onSilence` only. While it is paused the time does not count. A `WebSocket` as in web pages (the global one, that of
   *   `undici`) is refused: it shows no pings. Call {@link heard} on its messages if the server sends some often enough.
   * - An `EventSource`: 'open', 'message' and the event of the `event` option, as it shows neither comments nor events by
   *   other names: send named pings, call {@link heard} for others, or see {@link fetch}. Closed for good: make a new one in
   *   `onSilence`.
   *
   * With `armedBy: 'write'` it takes what is written to, and notes its writes from then on:
   *
   * - A socket, or any other Duplex: each write. What is received answers all that was written before it.
   * - A client of `ws`: `send` and `ping`, not `pong`; and the upgrade, while it is connecting.
   * - A client session of `http2`: each request until its response, or its end. Something received on any stream of the session
   *   starts the clock anew while others wait. A PING, and its answer, does not count.
   *
   * A long answer is one as soon as it begins, and a long request is not judged while it is on its way, as far as this side
   * sees that: while its parts leave this machine, or the application has not ended it.
   *
   * Throws `ERR_INVALID_ARG_TYPE`, or `ERR_KEEPALIVE_CLOSED` for the socket of an http2 session that has ended.
   */
  watch<T extends Watchable>(target: T): T {
    const watcher = watcherFor(target, this.#event);
    if (this.#isArmedByWrite) assertWritten(target);
    this.#follow(watcher);
    return target;
  }

  /**
   * `fetch`, watched from the request to the end of the response's body: silence makes it, or reading its body, fail with the
   * error. The response is the one that `fetch` returns; how its body is read is observed, by whatever means it is. Made for `new EventSource(url, { fetch: watchdog.fetch })` of the `eventsource` package, which then connects again by
   * itself and whose comments are heard too.
   *
   * Node's `fetch` ends a body by itself after 300 s without data: for heartbeats near that, or longer ones, give it a
   * `dispatcher` with another `bodyTimeout`. While nobody reads the body the time does not count. With `armedBy: 'write'` the
   * clock runs from the request until the response begins.
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
      wrote: this.#isArmedByWrite
        ? () => {
            if (this.#watched === followed) this.wrote();
          }
        : undefined,
      closed: () => {
        if (this.#watched === followed) this.stop();
      },
    });
    this.#watched = followed;
    this.heard();
    return followed;
  }

  #start(): void {
    this.#heardAt = this.#clock.now();
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#alarm.by(performance.now() + this.#tick());
  }

  /** Milliseconds to the next look at the clock. */
  #tick(): number {
    return Math.min(longestTick, this.#timeout / ticksInTimeout);
  }

  readonly #work: Work = {
    begin: (now, read) => {
      this.#judge(now - read);
    },
    step: () => false,
    next: (now) => {
      if (!this.#isRunning) return Infinity;
      const left = this.#heardAt + this.#timeout - this.#clock.now();
      return now + Math.min(left, this.#tick());
    },
  };

  /** `unread`: milliseconds during which what arrived may not have been read yet; they do not count. */
  #judge(unread: number): void {
    if (!this.#isRunning) return;
    let silentFor: number;
    try {
      silentFor = this.#silence() - unread;
    } catch (error) {
      this.stop(); // or it would throw in each round
      throw error;
    }
    if (silentFor >= this.#timeout) this.#bark(silentFor);
  }

  /** Milliseconds since something was heard, or written; -1: nothing is to be heard. */
  #silence(): number {
    const watched = this.#watched;
    if (watched?.hasEnded() === true) this.stop();
    else if (watched?.wasHeard() === true) this.heard();
    else if (watched !== undefined && this.#isExcused(watched)) this.#start();
    return this.#isRunning ? Math.round(this.#clock.now() - this.#heardAt) : -1;
  }

  #isExcused(watched: Connection): boolean {
    const isSending = this.#isArmedByWrite && watched.isSending?.() === true;
    return isSending || watched.isDeaf();
  }

  #bark(silentFor: number): void {
    const watched = this.#watched;
    const error = new KeepaliveError(
      'ERR_KEEPALIVE_SILENCE',
      `${this.#isArmedByWrite ? 'What was written was not answered' : 'Nothing was received'} for ${silentFor} ms; the timeout is ${this.#timeout} ms`,
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
