import { binding } from './binding.js';

/** Two clocks in whole milliseconds differ by more only if the machine slept. */
const shortestSleep = 100;

/** Read further apart, as when the process was stopped in between, two clocks cannot be compared. */
const atOnce = 10;

/** How long the machine slept: the difference between a clock that goes on meanwhile and one that does not. */
export class SleepClock {
  #now = 0;
  #awake = 0;

  start(): void {
    let before: number;
    do {
      before = performance.now();
      this.#now = binding.now();
      this.#awake = performance.now();
    } while (this.#awake - before > atOnce);
  }

  /** Milliseconds that the machine was awake and asleep since `start` or the last `lap`. */
  lap(): { awake: number; asleep: number } {
    const since = { now: this.#now, awake: this.#awake };
    this.start();
    const awake = this.#awake - since.awake;
    const asleep = Math.round(this.#now - since.now - awake);
    return { awake, asleep: asleep < shortestSleep ? 0 : asleep };
  }
}
