import { binding } from './binding.js';

/** Two clocks in whole milliseconds differ by more only if the machine slept. */
const shortestSleep = 100;

/** How long the machine slept: the difference between a clock that goes on meanwhile and one that does not. */
export class SleepClock {
  #now = 0;
  #awake = 0;

  start(): void {
    this.#now = binding.now();
    this.#awake = performance.now();
  }

  /** Milliseconds that the machine was awake and asleep since `start` or the last `lap`. */
  lap(): { awake: number; asleep: number } {
    const since = { now: this.#now, awake: this.#awake };
    this.start();
    const awake = this.#awake - since.awake;
    const asleep = this.#now - since.now - awake;
    return { awake, asleep: asleep < shortestSleep ? 0 : asleep };
  }
}
