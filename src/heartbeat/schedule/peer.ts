import type { Queue, Queued } from './queue.js';
import { Seat } from './wheel.js';

/** A time before all others. */
export const never = -0x7fffffff;

/**
 * `performance.now()` in whole milliseconds: V8 keeps small integers inside the objects that have them and other numbers
 * apart, which takes most of the time when 20,000 objects are looked at in turn.
 */
export function now(): number {
  return Math.floor(performance.now());
}

/** 'resting': neither pinged nor judged at present. 'gone': to be let go of. */
export type Condition = 'open' | 'resting' | 'gone';

/** 'excused': it cannot have answered, because it is still taking what was sent before, or because this side does not read. */
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
  /** The last sign of life, which puts the next ping off; for the answer to a ping, when that was sent. */
  heardAt = never;
  /** The last sign of life or ping when it was given its turn: only what is heard after that puts the turn off. */
  seatedFor = never;
  owesAnswer = false;
  #pingedAt = never;
  #countedAt = this.since;

  constructor(readonly target: Target) {
    super();
  }

  abstract condition(): Condition;
  /** Whether a ping would only be added to what already waits to be sent. */
  abstract isHeldUp(): boolean;
  abstract sendPing(): void;
  /** Called once it is no member any more: takes away what was put on the target. */
  abstract release(): void;

  /** Hears, just before a ping, what no event has told. */
  listen(): void {
    // By default there is nothing of the kind.
  }

  /** Marks where its traffic is, for the verdict. */
  mark(): void {
    // For those that are never judged.
  }

  /** Judges by what came about since the mark or the last verdict. */
  verdict(): Verdict {
    return 'heard';
  }

  hear(when: number): void {
    this.heardAt = Math.max(this.heardAt, when);
    this.queue?.remove(this);
  }

  /** The answer to a ping is no reason to leave out the next one. */
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

  /** How many pings a loop would have sent since one was sent or counted here. */
  periodsSinceCounted(time: number, interval: number): number {
    const periods = Math.floor((time - this.#countedAt) / interval);
    this.#countedAt += periods * interval;
    return periods;
  }
}
