import { uptime } from 'node:os';

/** The clocks that a {@link SleepClock} reads. Milliseconds. */
export interface ClockSources {
  /** Stands still while the machine sleeps (Linux), and is never set. */
  readonly awake: () => number;
  /** Goes on while the machine sleeps, but is set by people and by NTP. */
  readonly wall: () => number;
  /** Goes on while the machine sleeps, and is never set. undefined where there is no such clock, or `awake` is one. */
  readonly boot?: (() => number) | undefined;
}

/** Milliseconds. The clocks differ by more only if one was set or the machine slept. */
const shortestSleep = 500;

function ownSources(): ClockSources {
  return { awake: () => performance.now(), wall: () => Date.now(), boot: bootTime() };
}

/** On systems other than Linux, libuv's own clock goes on during sleep. */
function bootTime(): (() => number) | undefined {
  /* v8 ignore next -- macOS and Windows */
  if (process.platform !== 'linux') return undefined;
  const milliseconds = (): number => uptime() * 1000;
  try {
    milliseconds();
    return milliseconds;
    /* v8 ignore next 3 -- Deno without permissions: npm run matrix */
  } catch {
    return undefined; // Deno without the permission: sleep is not seen there (docs/platforms.md, Runtimes)
  }
}

/**
 * Tells how long the machine slept, even if the wall clock is set. A jump of the wall clock is only the reason to ask
 * the kernel.
 */
export class SleepClock {
  readonly #sources: ClockSources;
  #asleep = 0;
  #drift: number;
  #bootDrift: number;

  constructor(clockSources = ownSources()) {
    this.#sources = clockSources;
    const awake = clockSources.awake();
    this.#drift = clockSources.wall() - awake;
    this.#bootDrift = (clockSources.boot?.() ?? 0) - awake;
  }

  /** Milliseconds that the machine has slept since this clock was made. */
  asleep(): number {
    const { awake, wall, boot } = this.#sources;
    const now = awake();
    const drift = wall() - now;
    if (boot !== undefined && Math.abs(drift - this.#drift) > shortestSleep) {
      this.#drift = drift;
      const bootDrift = boot() - now;
      if (bootDrift - this.#bootDrift > shortestSleep / 2) {
        this.#asleep += Math.round(bootDrift - this.#bootDrift);
        this.#bootDrift = bootDrift;
      }
    }
    return this.#asleep;
  }

  /** Milliseconds that also pass while the machine sleeps, and never jump. */
  now(): number {
    return this.#sources.awake() + this.asleep();
  }
}
