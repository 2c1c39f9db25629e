import { assertObject, checkedTime } from '../../util/arguments.js';
import { invalidArgumentType } from '../../util/invalid-argument.js';
import { Alarm, type Work } from '../../util/alarm.js';
import { flush, hasEnded, needsDrain, type EventStreamResponse } from './event-stream-response.js';
import { EventStream } from './event-stream.js';
import { Wheel } from '../schedule/wheel.js';

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
  readonly #interval: number;
  readonly #ping: string;
  readonly #streams = new Map<EventStreamResponse, EventStream>();
  readonly #wheel: Wheel<EventStream>;
  readonly #counts = { pingsSent: 0, pingsSaved: 0, pingsWithheld: 0 };
  readonly #alarm: Alarm;

  constructor(options: EventStreamHeartbeatOptions) {
    assertObject('options', options);
    this.#interval = checkedTime('options.interval', options.interval);
    this.#ping = options.event === undefined ? comment : `event: ${checkedName(options.event)}\ndata:\n\n`;
    this.#wheel = new Wheel(this.#interval, performance.now());
    this.#alarm = new Alarm(this.#work);
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
    if (hasEnded(response) || this.#streams.has(response)) return;
    const stream = new EventStream(response, this.#leave);
    this.#streams.set(response, stream);
    this.#wheel.turn(performance.now());
    this.#alarm.by(this.#wheel.seat(stream));
  }

  /** Lets go of a response, which stays open. One that was not added is left alone. */
  remove(response: EventStreamResponse): void {
    const stream = this.#streams.get(response);
    if (stream !== undefined) this.#leave(stream);
  }

  /** What is known now. Costs the same for any number of streams. */
  snapshot(): EventStreamHeartbeatSnapshot {
    return { streams: this.#streams.size, ...this.#counts };
  }

  /** Lets go of all responses. The counts stay. */
  stop(): void {
    for (const stream of this.#streams.values()) this.#leave(stream);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  readonly #work: Work = {
    begin: (now) => {
      this.#wheel.turn(now);
    },
    step: (now) => this.#takeTurn(now),
    next: (now) => this.#wheel.next(now),
  };

  readonly #leave = (stream: EventStream): void => {
    this.#streams.delete(stream.response);
    this.#wheel.unseat(stream);
    stream.release();
    if (this.#streams.size === 0) this.#alarm.stop();
  };

  #takeTurn(now: number): boolean {
    const stream = this.#wheel.take();
    if (stream === undefined) return false;
    const { response, sentAt } = stream;
    const due = sentAt + this.#interval;
    if (hasEnded(response)) {
      this.#leave(stream);
    } else if (sentAt > stream.seatedFor && due > now) {
      this.#counts.pingsSaved += stream.periodsSinceCounted(now, this.#interval);
      this.#seatBy(stream, due);
    } else {
      try {
        this.#pingIfPossible(stream, now);
      } finally {
        this.#seatBy(stream, now + this.#interval); // also if `write` throws
      }
    }
    return true;
  }

  #pingIfPossible(stream: EventStream, now: number): void {
    const { response } = stream;
    if (!response.headersSent || needsDrain(response) || !stream.boundary.isBetweenEvents) {
      this.#counts.pingsWithheld += 1;
      return;
    }
    this.#counts.pingsSent += 1;
    stream.ping(this.#ping, now);
    flush(response);
  }

  #seatBy(stream: EventStream, due: number): void {
    stream.seatedFor = stream.sentAt;
    this.#wheel.seatBy(stream, due);
  }
}

function isResponse(value: unknown): value is EventStreamResponse {
  if (typeof value !== 'object' || value === null) return false;
  // First of all: the socket of an http2 session, which has none, throws for the others.
  if (typeof (value as Partial<EventStreamResponse>).headersSent !== 'boolean') return false;
  const { write, on, off } = value as Partial<EventStreamResponse>;
  return [write, on, off].every((method) => typeof method === 'function');
}

function checkedName(event: unknown): string {
  if (typeof event === 'string' && /^[^\r\n\0]+$/.test(event)) return event;
  throw invalidArgumentType('options.event', 'a name without line ends', event);
}
