import { EventBoundary } from './event-boundary.js';
import type { EventStreamResponse } from './event-stream-response.js';
import { override } from '../../util/override.js';
import { Seat } from '../schedule/wheel.js';

/** What a heartbeat knows of one response. Times are of `performance.now()`. */
export class EventStream extends Seat {
  /** When something was written last. */
  sentAt = -Infinity;
  /** `sentAt` when it was given its turn: what was sent after that puts the turn off. */
  seatedFor = -Infinity;
  readonly boundary = new EventBoundary();
  #countedAt = performance.now();
  readonly #restore: () => void;

  constructor(
    readonly response: EventStreamResponse,
    leave: (stream: EventStream) => void,
  ) {
    super();
    this.#onEnd = () => {
      leave(this);
    };
    response.on('close', this.#onEnd);
    response.on('finish', this.#onEnd);
    const note = this.#note;
    // Nothing but the response's own `write` sees what is written.
    this.#restore = override(response, 'write', (original) => {
      return function write(this: EventStreamResponse, ...args: unknown[]) {
        const written = original.apply(this, args as [string]);
        note(args[0], args[1]);
        return written;
      };
    });
  }

  /** How many pings a loop would have sent since one was sent or counted here. */
  periodsSinceCounted(now: number, interval: number): number {
    const periods = Math.floor((now - this.#countedAt) / interval);
    this.#countedAt += periods * interval;
    return periods;
  }

  ping(text: string, now: number): void {
    this.#countedAt = now;
    // By the outermost `write`, so that it goes the way of the application's own events.
    this.response.write(text);
  }

  release(): void {
    this.response.off('close', this.#onEnd);
    this.response.off('finish', this.#onEnd);
    this.#restore();
  }

  readonly #note = (chunk: unknown, encoding: unknown): void => {
    this.sentAt = performance.now();
    this.boundary.note(chunk, encoding);
  };

  readonly #onEnd: () => void;
}
