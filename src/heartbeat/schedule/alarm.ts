import { longestDelay } from '../../util/arguments.js';
import { slice } from '../../util/slices.js';

/** What an {@link Alarm} runs. */
export interface Work {
  /** Before the first step of a round. Times are of `performance.now()`, in whole milliseconds. */
  begin(now: number): void;
  /** One short piece of what is due; false: nothing is left of this round. */
  step(now: number): boolean;
  /** When the next round is to be, by `performance.now()`. */
  next(now: number): number;
}

/**
 * One timer for any number of things to do: rounds of short steps, in slices that hold the event loop for less than half a
 * millisecond. It holds no process open.
 *
 * A round starts after the sockets were read, not as the timer fires: after the process was held up (or stopped) what came
 * meanwhile is heard before anybody is judged by it.
 */
export class Alarm {
  readonly #work: Work;
  #timer: NodeJS.Timeout | undefined;
  #nextSlice: NodeJS.Immediate | undefined;
  /** When the timer is set to; -Infinity: a round has begun. */
  #dueAt = -Infinity;
  #stopped = false;

  constructor(work: Work) {
    this.#work = work;
    this.#startRound();
  }

  /** Has a round by then, if none was to be so early. */
  by(time: number): void {
    if (time < this.#dueAt) this.#set(time, performance.now());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#nextSlice);
  }

  /** Any step may stop it. */
  #isStopped(): boolean {
    return this.#stopped;
  }

  #set(time: number, now: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = time;
    this.#timer = setTimeout(this.#startRound, Math.min(longestDelay, Math.max(1, Math.ceil(time - now)))).unref();
  }

  readonly #startRound = (): void => {
    this.#dueAt = -Infinity;
    this.#nextSlice = setImmediate(() => {
      this.#work.begin(Math.floor(performance.now()));
      this.#runSlice();
    });
  };

  readonly #runSlice = (): void => {
    if (this.#isStopped()) return;
    // First of all, so that the round goes on even if a listener throws.
    this.#nextSlice = setImmediate(this.#runSlice);
    const end = performance.now() + slice;
    for (let now = performance.now(); now < end; now = performance.now()) {
      const more = this.#work.step(Math.floor(now));
      if (this.#isStopped()) return;
      if (more) continue;
      clearImmediate(this.#nextSlice);
      this.#set(this.#work.next(now), now);
      return;
    }
  };
}
