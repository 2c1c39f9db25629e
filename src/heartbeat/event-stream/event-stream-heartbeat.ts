import { checkedTime, optional, readOptions } from '../../util/arguments.js';
import { invalidArgumentType } from '../../util/invalid-argument.js';
import { PingSchedule } from '../schedule/ping-schedule.js';
import { EventStreamPeer } from './event-stream-peer.js';
import { isWritable, type EventStreamResponse } from './event-stream-response.js';

/** Options of {@link EventStreamHeartbeat}. */
export interface EventStreamHeartbeatOptions {
  /** Milliseconds, 1 to 2 147 483 647. A stream to which nothing was sent for this long is sent a ping, to a sixty-fourth of it. */
  readonly interval: number;
  /**
   * The type of event that a ping is, with empty data, for clients that must see it: an `EventSource` shows no comments. By
   * default a ping is a comment, which no client sees (WHATWG HTML, 9.2.6) but whose bytes arrive.
   */
  readonly event?: string | undefined;
}

/** What an {@link EventStreamHeartbeat} knows now, for a metrics endpoint. JSON-safe. The counts are since it was made. */
export interface EventStreamHeartbeatSnapshot {
  readonly streams: number;
  readonly pingsSent: number;
  /** Pings that a loop with this `interval` would have sent to streams that had just sent something. */
  readonly pingsSaved: number;
  /** Pings that were not sent because the reader is behind, or because an event was only half written. */
  readonly pingsWithheld: number;
}

const comment = ':\n\n';

/**
 * Keeps server-sent-events responses alive: a stream to which nothing was sent for an `interval` is sent a ping, so that
 * nothing in the path forgets it, its client can tell silence from a lost connection (see `SilenceWatchdog`), and TCP has
 * something unacknowledged to notice a vanished client by.
 *
 * `add(response)` takes the responses of `http`, `https` and `http2`, its streams, and the raw ones of frameworks
 * (`reply.raw` in fastify). A ping is written between two events only, after the headers were sent, and not while the reader is
 * behind: it adds nothing to what waits for a slow one. The pings of all streams lie evenly in the interval, also if all
 * were sent to in one moment: some then have theirs up to half an interval earlier.
 *
 * To know where an event ends it puts a `write` of its own on the response, as compressing middleware does, and takes it
 * away again with the response's end or `remove`. What is written past it, to http2's `response.stream`, is not seen.
 *
 * One timer for any number of streams, which does not hold the process open; each stream costs the same, however many
 * there are, and the event loop is held for less than half a millisecond at a time.
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
  readonly #ping: string;

  constructor(options: EventStreamHeartbeatOptions) {
    const { interval, event } = readOptions(options, {
      interval: checkedTime,
      event: optional(checkedName, undefined),
    });
    this.#ping = event === undefined ? comment : `event: ${event}\ndata:\n\n`;
    this.#schedule = new PingSchedule({ interval });
  }

  /**
   * Looks after a response until it ends: before its first event, or between two. One that has ended already is left alone;
   * adding twice is adding once.
   *
   * Throws `ERR_INVALID_ARG_TYPE`.
   */
  add(response: EventStreamResponse): void {
    if (!isResponse(response)) {
      throw invalidArgumentType('response', 'a response of http or http2, or a stream of http2', response);
    }
    if (!isWritable(response) || this.#schedule.has(response)) return;
    this.#schedule.add(new EventStreamPeer(response, this.#ping, this.#remove));
  }

  /** Lets go of a response, which stays open. One that was not added is left alone. */
  remove(response: EventStreamResponse): void {
    const peer = this.#schedule.get(response);
    if (peer !== undefined) this.#remove(peer);
  }

  /** What is known now. Costs the same for any number of streams. */
  snapshot(): EventStreamHeartbeatSnapshot {
    return { streams: this.#schedule.size, ...this.#schedule.counts };
  }

  /** Lets go of all responses. The counts stay. */
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
  // First of all: the socket of an http2 session, which has none, throws for the others.
  if (typeof (value as Partial<EventStreamResponse>).headersSent !== 'boolean') return false;
  const { write, on, off } = value as Partial<EventStreamResponse>;
  return [write, on, off].every((method) => typeof method === 'function');
}

function checkedName(name: string, event: unknown): string {
  if (typeof event === 'string' && /^[^\r\n\0]+$/.test(event)) return event;
  throw invalidArgumentType(name, 'a name without line ends', event);
}
