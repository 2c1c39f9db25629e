import { SleepClock } from '../util/sleep-clock.js';

/** Milliseconds of one tick of Linux's clock at its lowest rate (CONFIG_HZ=100), twice: both ends are rounded. */
const coarsestTick = 20;
/** The kernel's answers go no further back: native/tcp_info_linux.cc. */
const longestAnswer = 0x7fffffff;

/** A sleep of the machine, in milliseconds. */
interface Sleep {
  /** When the machine was awake for the last time, for all that is known. By `performance.now()`. */
  readonly after: number;
  readonly length: number;
}

/**
 * A clock that continues while the machine sleeps, and how long a peer has been silent by it: the kernel does not count the
 * sleep.
 *
 * It is not known when the machine slept between two readings of the clock. A peer that was heard between them counts as
 * heard after the sleep.
 */
export class SilenceClock {
  readonly #clock = new SleepClock();
  #awake = performance.now();
  #asleep = 0;
  /** In the order of time. */
  readonly #sleeps: Sleep[] = [];

  /** Milliseconds that never go back. {@link silence} holds for this moment until it is asked again. */
  now(): number {
    const asleep = this.#clock.asleep();
    if (asleep > this.#asleep) {
      this.#sleeps.push({ after: this.#awake, length: asleep - this.#asleep });
      this.#asleep = asleep;
      this.#forgetOld();
    }
    this.#awake = performance.now();
    return this.#awake + asleep;
  }

  /** How long a peer has been silent that the kernel heard so many milliseconds ago. */
  silence(heard: number): number {
    const heardAt = this.#awake - heard;
    let silence = heard;
    for (let i = this.#sleeps.length - 1; i >= 0; i -= 1) {
      const { after, length } = this.#sleeps[i]!;
      if (heardAt + coarsestTick > after) break;
      silence += length;
    }
    return silence;
  }

  #forgetOld(): void {
    while (this.#sleeps[0]!.after < this.#awake - longestAnswer) this.#sleeps.shift();
  }
}
