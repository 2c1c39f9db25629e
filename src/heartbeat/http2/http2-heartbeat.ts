import { EventEmitter } from 'node:events';
import type { Http2Session } from 'node:http2';
import { KeepaliveError, keepaliveSupport } from '../../index.js';
import { checkedTime, checkedType, optional, readOptions } from '../../util/arguments.js';
import { invalidArgumentType } from '../../util/invalid-argument.js';
import { assertNotEnded, faultReporter, type OnError } from '../fault.js';
import { PingSchedule, type Look } from '../schedule/ping-schedule.js';
import { Http2Peer, type Http2Rules } from './http2-peer.js';
import { isSession } from './http2-session.js';

/** Options of {@link Http2Heartbeat}. */
export interface Http2HeartbeatOptions {
  /**
   * Milliseconds, 1 to 2,147,483,647. A session that has received nothing for this long is pinged; earlier, by up to a
   * sixteenth of it, or by up to half of it where many pings fall together.
   */
  readonly interval: number;
  /** Milliseconds, 1 to 2,147,483,647. A session that has not answered a PING for this long is destroyed. */
  readonly timeout: number;
  /**
   * Pings a session only while it has an open stream, as gRPC servers require of their clients. Other sessions are
   * neither pinged nor destroyed. Default: false. Needs Node: in other runtimes `add` throws
   * `ERR_KEEPALIVE_UNSUPPORTED`.
   */
  readonly onlyWithStreams?: boolean | undefined;
  /**
   * Accepts a sign of life from the peer's kernel in place of one from its application (`lastHeard` of the session's
   * TCP socket: data, acknowledgements, answers to keepalive probes). A session is then not pinged while the peer's
   * kernel answers, and a frozen application is not noticed. Not for a path with a proxy, whose kernel would answer.
   * Default: false. Linux; no effect elsewhere. Needs the native addon.
   */
  readonly trustKernel?: boolean | undefined;
  /**
   * Called with what a session threw while it was pinged, looked at or destroyed. The session is still watched, and
   * destroyed if it stays silent. Default: a process warning, once per heartbeat.
   */
  readonly onError?: ((error: unknown, session: Http2Session) => void) | undefined;
}

/** What an {@link Http2Heartbeat} emits. */
export interface Http2HeartbeatEvents {
  /**
   * A session did not answer in time and was destroyed. `silentFor`: milliseconds since it was last heard from. Emitted
   * once for a session.
   */
  gone: [session: Http2Session, silentFor: number];
}

/** The state of an {@link Http2Heartbeat}, for a metrics endpoint. JSON-safe. Counts start when it is made. */
export interface Http2HeartbeatSnapshot {
  /** Sessions that are watched. */
  readonly sessions: number;
  /**
   * Of them, those that owe a sign of life: they were pinged, or their ping was withheld, and were not heard from
   * since.
   */
  readonly waiting: number;
  readonly pingsSent: number;
  /** Pings that a loop with this `interval` would have sent to sessions that were heard from anyway. */
  readonly pingsSaved: number;
  /** Pings that were not sent because earlier data still waited, or because the last ping was not answered yet. */
  readonly pingsWithheld: number;
  /** Sessions that were destroyed. */
  readonly gone: number;
}

/** Sessions that are looked at in one step. */
const stride = 64;

/**
 * Sends an HTTP/2 PING on sessions of `node:http2` that have received nothing for an `interval`, and destroys those
 * that do not answer within `timeout`. A PING asks the peer's application. A keepalive probe is answered by the kernel,
 * the peer's or a proxy's.
 *
 * `add(session)` takes the sessions of servers (from their 'session' event, also inside frameworks) and of clients.
 *
 * - The pings of all sessions are spread evenly over the interval, even if all sessions start, or receive something, at
 *   the same moment: some are then pinged earlier, but none within half an interval of what it received.
 * - A session that received anything, even a part of a frame, is not pinged for an interval.
 * - No ping is sent while earlier data still waits in this process. A session lives as long as some of the data before
 *   its ping reaches the peer's kernel within each `timeout`, however slowly. Without the native addon, and on systems
 *   other than Linux, only data that has not left this process is seen: there `timeout` must be long enough for what
 *   the kernel buffers.
 * - A session that is connecting is left alone until it is connected. One that is closing, has received a GOAWAY or is
 *   destroyed is removed.
 *
 * A vanished or frozen peer is noticed within `interval + timeout`, or one `timeout` later where data was in flight
 * when it was pinged. The session is destroyed with `ERR_KEEPALIVE_SILENCE`, as by a lost connection: the session and
 * its streams emit 'error', and a server emits 'sessionError'. Its socket is closed at once. A client session without
 * an 'error' listener ends the process, as with any other error.
 *
 * One timer serves any number of sessions and does not keep the process running. What a session costs does not depend
 * on their number, and the event loop is held for less than half a millisecond at a time.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad options, `ERR_KEEPALIVE_ADDON` for `trustKernel` where the
 * native addon was not loaded.
 *
 * @example
 * ```ts
 * const options: Http2HeartbeatOptions = { interval: 300_000, timeout: 20_000 };
 * const heartbeat = new Http2Heartbeat(options);
 * http2Server.on('session', (session) => heartbeat.add(session));
 * heartbeat.on('gone', (...[session, silentFor]: Http2HeartbeatEvents['gone']) => {
 *   console.log('no answer for', silentFor, 'ms');
 * });
 * const { pingsSaved }: Http2HeartbeatSnapshot = heartbeat.snapshot();
 * ```
 */
export class Http2Heartbeat extends EventEmitter<Http2HeartbeatEvents> {
  readonly #schedule: PingSchedule<Http2Session, Http2Peer>;
  readonly #timeout: number;
  readonly #rules: Http2Rules;
  readonly #report: OnError<Http2Session>;
  #gone = 0;
  /** How often it was stopped. */
  #stops = 0;

  constructor(options: Http2HeartbeatOptions) {
    super();
    const { interval, timeout, onlyWithStreams, trustKernel, onError } = readOptions(options, {
      interval: checkedTime,
      timeout: checkedTime,
      onlyWithStreams: optional(checkedType('boolean'), false),
      trustKernel: optional(checkedType('boolean'), false),
      onError: optional(checkedType('function'), undefined),
    });
    if (trustKernel && keepaliveSupport.unavailable !== null) throw keepaliveSupport.unavailable;
    this.#timeout = timeout;
    this.#rules = { trustKernel, onlyWithStreams, onClose: this.#remove };
    this.#report = faultReporter('Http2Heartbeat', onError as Http2HeartbeatOptions['onError']);
    this.#schedule = new PingSchedule({
      interval,
      timeout,
      look: this.#look(),
      onSilent: this.#onSilent,
      onError: (error, { target }) => {
        this.#report(error, target);
      },
    });
  }

  /**
   * Watches a session until it closes. A second call does nothing. A session that is closing or destroyed is ignored.
   *
   * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_CLOSED` for the socket of a session that has ended, or
   * `ERR_KEEPALIVE_UNSUPPORTED` for `onlyWithStreams` where the runtime does not tell the streams of a session.
   */
  add(session: Http2Session): void {
    assertNotEnded('session', session);
    if (!isSession(session)) throw invalidArgumentType('session', 'a session of http2', session);
    if (session.destroyed || session.closed || this.#schedule.has(session)) return;
    this.#schedule.add(new Http2Peer(session, this.#rules));
  }

  /** Stops watching a session, which stays open. Does nothing for a session that was not added. */
  remove(session: Http2Session): void {
    const peer = this.#schedule.get(session);
    if (peer !== undefined) this.#remove(peer);
  }

  /** The state now. Costs the same for any number of sessions. */
  snapshot(): Http2HeartbeatSnapshot {
    const { size, waiting, counts } = this.#schedule;
    return { sessions: size, waiting, ...counts, gone: this.#gone };
  }

  /** Stops watching all sessions, which stay open. The counts stay. */
  stop(): void {
    this.#stops += 1;
    this.#schedule.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  readonly #remove = (peer: Http2Peer): void => {
    this.#schedule.remove(peer);
  };

  /** Checks what sessions have received, often enough to know when. */
  #look(): Look {
    let peers: Iterator<Http2Peer> | undefined;
    return {
      evenAlone: false,
      begin: () => {
        peers = this.#schedule.peers();
      },
      step: () => {
        for (let looked = 0; looked < stride && peers !== undefined; looked += 1) {
          const next = peers.next();
          if (next.done === true) peers = undefined;
          else next.value.look();
        }
        return peers !== undefined;
      },
    };
  }

  readonly #onSilent = (peer: Http2Peer, silentFor: number): void => {
    this.#gone += 1;
    const { target } = peer;
    const before = this.#stops;
    const error = new KeepaliveError(
      'ERR_KEEPALIVE_SILENCE',
      `A PING was not answered within ${this.#timeout} ms; nothing was received for ${silentFor} ms`,
    );
    try {
      peer.end(error);
    } catch (thrown) {
      this.#report(thrown, target);
    }
    if (this.#stops === before) this.emit('gone', target, silentFor);
  };
}
