/** The clock of a Linux kernel and the wheel of its timers, for `linux-model.ts`: kernel/time/timer.c and time.c. */
import { firingTick } from './kernel-timers.js';

/** What a kernel was built with, and the moment of its clock that a model begins at. */
export interface LinuxClock {
  /** Ticks a second: CONFIG_HZ. */
  readonly rate: number;
  /** The tick at time 0. Buckets lie at multiples of their width, so it decides how late each timer is. */
  readonly jiffies: number;
  /** How many ticks late the timer softirq runs, asked for each timer. */
  readonly softirqDelay?: () => number;
}

export interface Timer {
  readonly expires: number;
  /** The tick in which it fires. */
  readonly fires: number;
  readonly handler: () => void;
}

export class Jiffies {
  /** The current tick. */
  jiffies: number;
  private inSoftirq = false;

  constructor(private readonly clock: LinuxClock) {
    this.jiffies = clock.jiffies;
  }

  /** The current tick in milliseconds since the model began. */
  get milliseconds(): number {
    return this.at(this.jiffies);
  }

  at(tick: number): number {
    return ((tick - this.clock.jiffies) * 1000) / this.clock.rate;
  }

  passTo(milliseconds: number): void {
    const tick = this.clock.jiffies + Math.floor((milliseconds * this.clock.rate) / 1000);
    this.jiffies = Math.max(this.jiffies, tick);
  }

  /** msecs_to_jiffies rounds up. */
  ticks(milliseconds: number): number {
    return Math.ceil((milliseconds * this.clock.rate) / 1000);
  }

  /** __mod_timer: a timer that expires in the same tick as before stays in its bucket, however coarse that is. */
  setTimer(pending: Timer | undefined, ticks: number, handler: () => void): Timer {
    const expires = this.jiffies + ticks;
    if (pending?.expires === expires) return { ...pending, handler };
    const wheel = this.jiffies + (this.inSoftirq ? 1 : 0); // __run_timers moves it on before it calls a timer
    return { expires, fires: firingTick(expires, wheel) + (this.clock.softirqDelay?.() ?? 0), handler };
  }

  /** __run_timers. */
  run(timer: Timer): void {
    this.jiffies = timer.fires;
    this.inSoftirq = true;
    timer.handler();
    this.inSoftirq = false;
  }
}
