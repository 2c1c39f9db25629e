import { AsyncResource } from 'node:async_hooks';
import { longestDelay } from './arguments.js';
import { slice } from './slices.js';

/**
 * What an {@link Alarm} runs. Times are those of `performance.now()`, in whole milliseconds. `read`: everything that
 * had arrived by this time has been read. It is earlier than `now` by as long as a callback held up the process just
 * before.
 */
export interface Work {
  /** Runs before the first step of a round. */
  begin?(now: number, read: number): void;
  /** Does one short piece of what is due. Returns false when nothing of this round is left. */
  step(now: number, read: number): boolean;
  /** When the next round is due, by `performance.now()`; Infinity: not before {@link Alarm.by} is called. */
  next(now: number): number;
}

/**
 * One timer for any number of tasks. They run in rounds of short steps, in slices that hold the event loop for less
 * than half a millisecond. The timer keeps the process running only while a round runs.
 *
 * A slice runs after the sockets were read, and is told when they were read. A peer that is judged by that time has
 * been heard, also if its data arrived while the process was held up or stopped.
 *
 * Everything runs in the async context in which the alarm was made, and not in that of the first caller of {@link by},
 * which may be one of many requests.
 */
export class Alarm {
  readonly #work: Work;
  readonly #context = new AsyncResource('KeepaliveAlarm');
  #timer: NodeJS.Timeout | undefined;
  /** Set while a round runs. */
  #nextSlice: NodeJS.Immediate | undefined;
  #hasBegun = false;
  /** When the next slice was requested: the sockets are read after that. */
  #askedAt = 0;
  /** When the timer fires. Infinity: there is no timer. -Infinity: a round runs. */
  #dueAt = Infinity;

  constructor(work: Work) {
    this.#work = work;
  }

  /** Starts a round at that time, if none would start earlier. */
  by(time: number): void {
    if (time < this.#dueAt) this.#set(time, performance.now());
  }

  /** Ends a running round after the step that calls this. {@link by} starts the alarm again. */
  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#nextSlice);
    this.#nextSlice = undefined;
    this.#dueAt = Infinity;
  }

  #set(time: number, now: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = time;
    if (time === Infinity) return;
    if (time <= now) {
      this.#startRound();
      return;
    }
    // A step that changes the context must not affect later ones, so only timers are made here.
    this.#context.runInAsyncScope(() => {
      this.#timer = setTimeout(this.#startRound, Math.min(longestDelay, Math.ceil(time - now))).unref();
    });
  }

  readonly #startRound = (): void => {
    this.#dueAt = -Infinity;
    this.#hasBegun = false;
    this.#setImmediate(this.#runSlice);
  };

  readonly #runSlice = (): void => {
    const read = Math.floor(this.#askedAt);
    // First, so that the round goes on even if a step throws.
    this.#setImmediate(this.#runSlice);
    const own = this.#nextSlice;
    const end = performance.now() + slice;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#work.begin?.(Math.floor(performance.now()), read);
    }
    for (let now = performance.now(); now < end && this.#nextSlice === own; now = performance.now()) {
      if (this.#work.step(Math.floor(now), read) || this.#nextSlice !== own) continue; // or stopped, and perhaps started again
      clearImmediate(own);
      this.#nextSlice = undefined;
      this.#set(Math.max(now + 1, this.#work.next(now)), now);
      return;
    }
  };

  #setImmediate(run: () => void): void {
    this.#askedAt = performance.now();
    this.#context.runInAsyncScope(() => {
      this.#nextSlice = setImmediate(run);
    });
  }
}
