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
   * Milliseconds, 1 to 2 147 483 647. A session that has received nothing for this long is pinged; up to a sixteenth of it
   * earlier.
   */
  readonly interval: number;
  /** Milliseconds, 1 to 2 147 483 647. A session that has not answered a PING for this long is destroyed. */
  readonly timeout: number;
  /**
   * Pings a session only while it has a stream open, as gRPC servers ask of their clients. One without is neither pinged nor
   * judged. false by default. Needs Node: elsewhere `add` throws `ERR_KEEPALIVE_UNSUPPORTED`.
   */
  readonly onlyWithStreams?: boolean | undefined;
  /**
   * Takes the word of the peer's kernel (`lastHeard` of the session's TCP socket: data, acknowledgements, the answers to
   * keepalive probes) for the peer's: the session is not pinged while its kernel is heard. Only where no proxy is in the path,
   * whose kernel it would be; and an application that is frozen is not noticed while its kernel answers. false by
   * default. Linux; without effect elsewhere. Needs the native addon.
   */
  readonly trustKernel?: boolean | undefined;
  /**
   * Called with what a session has thrown as it was pinged, looked at or destroyed. It is still looked after, and destroyed
   * if nothing is heard of it. Default: a process warning, once per heartbeat.
   */
  readonly onError?: ((error: unknown, session: Http2Session) => void) | undefined;
}

/** What an {@link Http2Heartbeat} emits. */
export interface Http2HeartbeatEvents {
  /** The session has not answered in time and was destroyed; milliseconds since it was last heard from. Once. */
  gone: [session: Http2Session, silentFor: number];
}

/** What an {@link Http2Heartbeat} knows now, for a metrics endpoint. JSON-safe. The counts are since it was made. */
export interface Http2HeartbeatSnapshot {
  /** Sessions that it looks after. */
  readonly sessions: number;
  /** Of them, those that owe a sign of life: pinged, or held back, and not heard from since. */
  readonly waiting: number;
  readonly pingsSent: number;
  /** Pings that a loop with this `interval` would have sent to sessions that were heard from anyway. */
  readonly pingsSaved: number;
  /** Pings that were not sent because what was sent before still waited, or because the last one was not answered yet. */
  readonly pingsWithheld: number;
  /** Sessions that were destroyed. */
  readonly gone: number;
}

/** Sessions that are looked at in one step. */
const stride = 64;

/**
 * Sends an HTTP/2 PING on sessions of `node:http2` that have received nothing for an `interval`, and destroys those that do
 * not answer within `timeout`: the application is asked, which a keepalive probe (answered by the kernel, or by a proxy's)
 * cannot do.
 *
 * `add(session)` takes the sessions of servers (their 'session' event, also inside frameworks) and of clients.
 *
 * - The pings of all sessions lie evenly in the interval, also if all came, or received something, in one moment: then some
 *   are asked earlier, but none within half an interval of what was received.
 * - A session that received anything is not pinged for an interval: a frame of any kind, and parts of one.
 * - While what was sent before still waits in this process, no ping is added to it. A session lives as long as what was sent
 *   before the ping reaches the peer's kernel, however slowly, within each `timeout` (without the native addon, and elsewhere
 *   than on Linux, only what has not left this process counts: there `timeout` must be enough for what the kernel buffers).
 * - A session that is connecting is left alone until it is connected. One that is closing, that received a GOAWAY or that
 *   was destroyed is let go of.
 *
 * A vanished peer is noticed after `interval + timeout` at the latest, a frozen one too; one `timeout` later where data was on
 * its way as it was pinged. The session is destroyed with `ERR_KEEPALIVE_SILENCE`: its 'error', that of its streams and, on a
 * server, 'sessionError', as a lost connection would be, and its socket is closed at once. A client session without an 'error' listener
 * ends the process with it, as with any other error.
 *
 * One timer for any number of sessions, which does not hold the process open; each session costs the same, however many
 * there are, and the event loop is held for less than half a millisecond at a time.
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
   * Looks after a session until it closes. Adding twice is adding once; one that is closing, or was destroyed, is left alone.
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

  /** Lets go of a session, which stays open. One that was not added is left alone. */
  remove(session: Http2Session): void {
    const peer = this.#schedule.get(session);
    if (peer !== undefined) this.#remove(peer);
  }

  /** What is known now. Costs the same for any number of sessions. */
  snapshot(): Http2HeartbeatSnapshot {
    const { size, waiting, counts } = this.#schedule;
    return { sessions: size, waiting, ...counts, gone: this.#gone };
  }

  /** Lets go of all sessions: none is pinged or judged any more. The counts stay. */
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

  /** Hears what sessions have received, often enough to know when. */
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
