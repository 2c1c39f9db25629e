import { readFileSync } from 'node:fs';

/** Where a {@link SleepClock} gets its times from; milliseconds. */
export interface ClockSources {
  /** Stands still while the machine sleeps (Linux), and is never set. */
  readonly awake: () => number;
  /** Goes on while it sleeps, but is set by people and by NTP. */
  readonly wall: () => number;
  /** Goes on while it sleeps, and is never set; undefined where there is none to be had, or `awake` is one. */
  readonly boot?: (() => number) | undefined;
}

/** The clocks differ by more only if one was set or the machine slept. */
const shortestSleep = 500;
const second = 1000;

const sources: ClockSources = {
  awake: () => performance.now(),
  wall: () => Date.now(),
  // CLOCK_BOOTTIME (fs/proc/uptime.c). Elsewhere libuv's own clock goes on during sleep.
  boot:
    process.platform === 'linux'
      ? () => Number(readFileSync('/proc/uptime', 'latin1').split(' ', 1)[0]) * second
      : undefined,
};

/**
 * Milliseconds that go on while the machine sleeps and never go back or jump, however the clock on the wall is set: the wall
 * only tells when it is worth asking the kernel.
 */
export class SleepClock {
  readonly #sources: ClockSources;
  #asleep = 0;
  #drift: number;
  #bootDrift: number;

  constructor(clockSources = sources) {
    this.#sources = clockSources;
    const awake = clockSources.awake();
    this.#drift = clockSources.wall() - awake;
    this.#bootDrift = (clockSources.boot?.() ?? 0) - awake;
  }

  now(): number {
    const { awake, wall, boot } = this.#sources;
    const now = awake();
    const drift = wall() - now;
    if (boot !== undefined && Math.abs(drift - this.#drift) > shortestSleep) {
      this.#drift = drift;
      const bootDrift = boot() - now;
      if (bootDrift - this.#bootDrift > shortestSleep / 2) {
        this.#asleep += bootDrift - this.#bootDrift;
        this.#bootDrift = bootDrift;
      }
    }
    return now + this.#asleep;
  }
}
