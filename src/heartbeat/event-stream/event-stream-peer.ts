import { override } from '../../util/override.js';
import { Peer, now, type Condition } from '../schedule/peer.js';
import { EventBoundary } from './event-boundary.js';
import { flush, isWritable, needsDrain, type EventStreamResponse } from './event-stream-response.js';

/** What a ping writes, by where it stands in the stream; undefined: it has to wait. */
export interface Ping {
  readonly betweenEvents: string;
  readonly betweenLines?: string;
}

/** One response. Each write puts off the next ping, and no answer to a ping is expected. */
export class EventStreamPeer extends Peer<EventStreamResponse> {
  readonly #ping: Ping;
  readonly #boundary = new EventBoundary();
  readonly #onEnd: () => void;
  readonly #restore: () => void;

  constructor(response: EventStreamResponse, ping: Ping, onEnd: (peer: EventStreamPeer) => void) {
    super(response);
    this.#ping = ping;
    this.#onEnd = () => {
      onEnd(this);
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

  override condition(): Condition {
    return isWritable(this.target) ? 'open' : 'gone';
  }

  override isHeldUp(): boolean {
    return !this.target.headersSent || needsDrain(this.target) || this.#pingHere() === undefined;
  }

  override sendPing(): void {
    // Through the outermost `write`, as the application's own events.
    this.target.write(this.#pingHere()!);
    flush(this.target);
  }

  #pingHere(): string | undefined {
    if (this.#boundary.isBetweenEvents) return this.#ping.betweenEvents;
    return this.#boundary.isBetweenLines ? this.#ping.betweenLines : undefined;
  }

  override release(): void {
    this.target.off('close', this.#onEnd);
    this.target.off('finish', this.#onEnd);
    this.#restore();
  }

  readonly #note = (chunk: unknown, encoding: unknown): void => {
    this.hear(now());
    this.#boundary.note(chunk, encoding);
  };
}
