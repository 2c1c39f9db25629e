import type { Queue, Queued } from './queue.js';
import { Seat } from './wheel.js';

/** A time before all others. */
export const never = -0x7fffffff;

/**
 * `performance.now()` in whole milliseconds. V8 stores small integers inside an object and other numbers outside it;
 * reading those takes most of the time when 20,000 objects are visited in turn.
 */
export function now(): number {
  return Math.floor(performance.now());
}

/** 'resting': neither pinged nor judged at present. 'gone': to be removed. */
export type Condition = 'open' | 'resting' | 'gone';

/**
 * 'excused': it cannot have answered, because it is still receiving earlier data, or because this side does not read.
 */
export type Verdict = 'heard' | 'excused' | 'silent';

/**
 * What a {@link PingSchedule} knows of one of its targets, and what a protocol has to tell it. Times are those of {@link now}.
 */
export abstract class Peer<Target = unknown> extends Seat implements Queued<Peer> {
  queue: Queue<Peer> | undefined;
  earlier: Peer | undefined;
  later: Peer | undefined;
  deadline = 0;
  isMember = false;
  readonly since = now();
  /**
   * When the last sign of life came, which puts off the next ping. For the answer to a ping: when the ping was sent.
   */
  heardAt = never;
  /** The last sign of life or ping at the time its turn was set. Only a later sign of life puts the turn off. */
  seatedFor = never;
  owesAnswer = false;
  #pingedAt = never;
  #countedAt = this.since;

  constructor(readonly target: Target) {
    super();
  }

  abstract condition(): Condition;
  /** Whether a ping would only queue behind earlier data. */
  abstract isHeldUp(): boolean;
  abstract sendPing(): void;
  /** Called once it was removed: takes its listeners and methods off the target. */
  abstract release(): void;

  /** Called just before a ping: hears what no event has told. */
  listen(): void {
    // By default events tell everything.
  }

  /** Called when a sign of life becomes due: notes the state of the traffic, for the verdict. */
  mark(): void {
    // Peers that are never judged need none.
  }

  /** Judges by what happened since the mark or the last verdict. */
  verdict(): Verdict {
    return 'heard';
  }

  hear(when: number): void {
    this.heardAt = Math.max(this.heardAt, when);
    this.queue?.remove(this);
  }

  /** The answer to a ping does not put off the next one. */
  hearAnswer(): void {
    this.hear(this.owesAnswer ? this.#pingedAt : now());
    this.owesAnswer = false;
  }

  ping(time: number): void {
    this.#pingedAt = time;
    this.#countedAt = time;
    this.owesAnswer = true;
    this.sendPing();
  }

  wasHeardSinceSeated(): boolean {
    return this.heardAt > this.seatedFor;
  }

  noteSeated(): void {
    this.seatedFor = Math.max(this.heardAt, this.#pingedAt);
  }

  /** How many pings a loop would have sent since the last one was sent or counted. */
  periodsSinceCounted(time: number, interval: number): number {
    const periods = Math.floor((time - this.#countedAt) / interval);
    this.#countedAt += periods * interval;
    return periods;
  }
}
