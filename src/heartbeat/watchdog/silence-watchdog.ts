import { KeepaliveError } from '../../index.js';
import { Alarm, type Work } from '../../util/alarm.js';
import { SleepClock } from '../../util/sleep-clock.js';
import { assertWritten, watcherFor, type Watchable } from './watchable.js';
import { FetchConnection } from './fetch-connection.js';
import { readWatchdogOptions, type SilenceWatchdogOptions } from './watchdog-options.js';
import type { ConnectionListener, Connection } from './connection.js';

/** Milliseconds between two looks at the clock: upper bound on how late a sleep of the machine is noticed. */
const longestTick = 2_000;
const ticksInTimeout = 4;

/**
 * The client's side of a heartbeat. When nothing was received for `timeout`, it destroys the connection that it watches
 * with `ERR_KEEPALIVE_SILENCE` and calls `onSilence`, in which the client connects again.
 *
 * Only what is received counts. `socket.setTimeout` differs: a write starts it anew, so a client that keeps writing to
 * a lost connection does not notice the loss. With `armedBy: 'write'` silence counts only while something that was
 * written is not answered. A watchdog watches one connection; call `watch` again for the next one.
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
 * // For a pooled connection, which may be silent while no request waits for its answer.
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

  /**
   * Tells the watchdog that something was received. Starts the clock if it does not run; with `armedBy: 'write'`, stops
   * it.
   */
  heard(): void {
    if (!this.#isArmedByWrite || this.#watched?.isOwed?.() === true) this.#start();
    else this.#isRunning = false; // the timer may fire once more, which is cheaper than to stop it each time
  }

  /**
   * Tells the watchdog that something was written that needs an answer. With `armedBy: 'write'`, starts the clock if it
   * does not run. `watch` calls this for each write to its target. Call it for other connections, and after an answer
   * if more answers are due.
   */
  wrote(): void {
    if (!this.#isArmedByWrite) return;
    // What was received before this write answers earlier ones only.
    const isAnswered = this.#watched?.wasHeard() === true;
    if (isAnswered || !this.#isRunning) this.#start();
  }

  /**
   * Watches a connection: starts the clock, and ends the target after silence. The connection that was watched before
   * is released. The clock stops when the target ends. Returns the target.
   *
   * - A Readable: a `net` or `tls` socket, the response of an `http` request, a stream of `http2` (end its session too:
   *   other streams share it). Each chunk counts as it arrives, read or not: `push` of the stream is replaced while it
   *   is watched, and no listener is added that would make it flow. It is destroyed with the error. Time does not count
   *   while the application does not read and the buffer of the stream is full.
   * - A client session of `http2`. Whatever it receives counts. The session and its streams are destroyed with the
   *   error.
   * - A client of `ws`. Messages, parts of messages, pings and pongs count. It is terminated: it emits 'close' with
   *   code 1006, and only `onSilence` gets the error. Time does not count while it is paused. A `WebSocket` as in web
   *   pages (the global one, that of `undici`) is refused because it shows no pings: call {@link heard} for each
   *   message if the server sends messages often enough.
   * - An `EventSource`. 'open', 'message' and the event of the `event` option count; comments and events with other
   *   names do not show. So send named pings, call {@link heard} for other events, or use {@link fetch}. It is closed
   *   for good: create a new one in `onSilence`.
   *
   * With `armedBy: 'write'` the target must be one that is written to. These writes count from then on:
   *
   * - A socket, or any other Duplex: each write. Whatever is received answers all writes before it.
   * - A client of `ws`: `send` and `ping`, not `pong`; and the upgrade, while it is connecting.
   * - A client session of `http2`: each request, until its response or its end. While other requests wait, whatever
   *   arrives on a stream of the session starts the clock anew. A PING and its answer do not count.
   *
   * A long answer counts as soon as it begins. A long request is not judged while it is being sent, as far as this side
   * sees that: while parts of it leave this machine, or the application has not ended it.
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
   * `fetch`, watched from the request to the end of the response's body: after silence, the call or the reading of the
   * body fails with the error. It returns the response of `fetch` itself, whose body can be read in any way. Made for
   * `new EventSource(url, { fetch: watchdog.fetch })` of the `eventsource` package: comments count too, and the
   * `EventSource` connects again by itself.
   *
   * Node's `fetch` ends a body by itself after 300 s without data: for heartbeats near that or longer, give it a
   * `dispatcher` with another `bodyTimeout`. Time does not count while nobody reads the body. With `armedBy: 'write'`
   * the clock runs from the request until the response begins.
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

  /** `unread`: milliseconds during which what arrived may not have been read yet. They do not count as silence. */
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

  /** Milliseconds since something was heard, or written; -1: nothing is expected. */
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
      // Not where a listener of the connection has stopped the watchdog, or made it watch another one.
      if (this.#changes === before) this.#onSilence?.(silentFor, error);
    }
  }
}
