import { checkedTime, checkedType, optional, readOptions } from '../../util/arguments.js';
import { invalidArgumentType } from '../../util/invalid-argument.js';
import { assertNotEnded, faultReporter } from '../fault.js';
import { PingSchedule } from '../schedule/ping-schedule.js';
import { EventStreamPeer, type Ping } from './event-stream-peer.js';
import { isWritable, type EventStreamResponse } from './event-stream-response.js';

/** Options of {@link EventStreamHeartbeat}. */
export interface EventStreamHeartbeatOptions {
  /**
   * Milliseconds, 1 to 2,147,483,647. A ping is sent on a stream to which nothing was sent for this long; earlier,
   * by up to a sixty-fourth of it, or by up to half of it where many pings fall together.
   */
  readonly interval: number;
  /**
   * Sends pings as events of this type, with empty data, so that an `EventSource` shows them. By default a ping is a
   * comment: its bytes arrive, but an `EventSource` does not show it (WHATWG HTML, 9.2.6).
   */
  readonly event?: string | undefined;
  /**
   * Called with what the `write` of a response threw for a ping; a middleware may have replaced that `write`. The
   * response is removed from the heartbeat before the call, and stays open. Default: a process warning, once per
   * heartbeat.
   */
  readonly onError?: ((error: unknown, response: EventStreamResponse) => void) | undefined;
}

/** The state of an {@link EventStreamHeartbeat}, for a metrics endpoint. JSON-safe. Counts start when it is made. */
export interface EventStreamHeartbeatSnapshot {
  readonly streams: number;
  readonly pingsSent: number;
  /** Pings that a loop with this `interval` would have sent to streams that had just sent something. */
  readonly pingsSaved: number;
  /**
   * Pings that were not sent because earlier data still waited for the reader, or because a line, or with the `event`
   * option an event, was only half written.
   */
  readonly pingsWithheld: number;
}

/** A comment does not end the event in which it stands (WHATWG HTML, 9.2.6). */
const comment: Ping = { betweenEvents: ':\n\n', betweenLines: ':\n' };

/**
 * Keeps server-sent-events responses alive: it sends a ping on a stream to which nothing was sent for an `interval`.
 * The path then does not forget the connection, the client can tell a quiet stream from a lost one (see
 * `SilenceWatchdog`), and TCP notices a vanished client because the ping is not acknowledged.
 *
 * `add(response)` takes responses of `http`, `https` and `http2`, streams of `http2`, and the raw responses of
 * frameworks (`reply.raw` in fastify). A ping is written after the headers, not inside a line or, with the `event`
 * option, inside an event, and not while earlier data still waits for a slow reader. The pings of all streams are spread
 * evenly over the interval, even if all streams sent something at the same moment: some pings then come up to half an
 * interval earlier.
 *
 * To know where an event ends, it replaces `write` of the response, as compressing middleware does, until the response
 * ends or is removed. Data that is written directly to `response.stream` of http2 is not seen.
 *
 * One timer serves any number of streams and does not keep the process running. What a stream costs does not depend on
 * their number, and the event loop is held for less than half a millisecond at a time.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad options.
 *
 * @example
 * ```ts
 * const options: EventStreamHeartbeatOptions = { interval: 300_000 };
 * const heartbeat = new EventStreamHeartbeat(options);
 * const stream: EventStreamResponse = response;
 * heartbeat.add(stream);
 * const { streams }: EventStreamHeartbeatSnapshot = heartbeat.snapshot();
 * ```
 */
export class EventStreamHeartbeat {
  readonly #schedule: PingSchedule<EventStreamResponse, EventStreamPeer>;
  readonly #ping: Ping;

  constructor(options: EventStreamHeartbeatOptions) {
    const { interval, event, onError } = readOptions(options, {
      interval: checkedTime,
      event: optional(checkedName, undefined),
      onError: optional(checkedType('function'), undefined),
    });
    this.#ping = event === undefined ? comment : { betweenEvents: `event: ${event}\ndata:\n\n` };
    const report = faultReporter('EventStreamHeartbeat', onError as EventStreamHeartbeatOptions['onError']);
    this.#schedule = new PingSchedule({
      interval,
      onError: (error, peer) => {
        this.#remove(peer);
        report(error, peer.target);
      },
    });
  }

  /**
   * Pings a response while it is quiet, until it ends. Call it before the first event or at the end of a line; a second
   * call does nothing. A response that cannot take a ping is ignored: one that has ended, the answer to a HEAD request,
   * one with status 204 or 304 or with a `content-length`.
   *
   * Throws `ERR_INVALID_ARG_TYPE`, or `ERR_KEEPALIVE_CLOSED` for the socket of an http2 session that has ended.
   */
  add(response: EventStreamResponse): void {
    assertNotEnded('response', response);
    if (!isResponse(response)) {
      throw invalidArgumentType('response', 'a response of http or http2, or a stream of http2', response);
    }
    if (!isWritable(response) || this.#schedule.has(response)) return;
    this.#schedule.add(new EventStreamPeer(response, this.#ping, this.#remove));
  }

  /** Stops pinging a response, which stays open. Does nothing for a response that was not added. */
  remove(response: EventStreamResponse): void {
    const peer = this.#schedule.get(response);
    if (peer !== undefined) this.#remove(peer);
  }

  /** The state now. Costs the same for any number of streams. */
  snapshot(): EventStreamHeartbeatSnapshot {
    return { streams: this.#schedule.size, ...this.#schedule.counts };
  }

  /** Stops pinging all responses, which stay open. The counts stay. */
  stop(): void {
    this.#schedule.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  readonly #remove = (peer: EventStreamPeer): void => {
    this.#schedule.remove(peer);
  };
}

function isResponse(value: unknown): value is EventStreamResponse {
  if (typeof value !== 'object' || value === null) return false;
  // Asked first: the socket of an http2 session does not have it, and throws when the others are read.
  if (typeof (value as Partial<EventStreamResponse>).headersSent !== 'boolean') return false;
  const { write, on, off } = value as Partial<EventStreamResponse>;
  return [write, on, off].every((method) => typeof method === 'function');
}

function checkedName(name: string, event: unknown): string {
  if (typeof event === 'string' && /^[^\r\n\0]+$/.test(event)) return event;
  throw invalidArgumentType(name, 'a name without line ends', event);
}
