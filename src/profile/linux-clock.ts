/** The clock of a Linux kernel and the wheel of its timers, for `linux-model.ts`: kernel/time/timer.c and time.c. */
import { firingTick } from './kernel-timers.js';

/** The clock rate of a kernel, and the moment of its clock at which a model begins. */
export interface LinuxClock {
  /** Ticks a second: CONFIG_HZ. */
  readonly rate: number;
  /** The tick at time 0. Buckets lie at multiples of their width, so it decides how late each timer is. */
  readonly jiffies: number;
  /** How many ticks late the timer softirq runs. Called for each timer. */
  readonly softirqDelay?: () => number;
}

export class Jiffies {
  /** The current tick. */
  jiffies: number;
  private inSoftirq = false;
  private readonly timers: Timer[] = [];

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

  /** When the next timer fires, in milliseconds. Infinity: none runs. */
  get nextTimer(): number {
    return this.at(this.next().fires);
  }

  /** __run_timers. */
  fireNextTimer(): void {
    const timer = this.next();
    this.jiffies = timer.fires;
    this.inSoftirq = true;
    timer.fire();
    this.inSoftirq = false;
  }

  addTimer(handler: () => void): Timer {
    const timer = new Timer(this, handler);
    this.timers.push(timer);
    return timer;
  }

  /** calc_wheel_index. */
  firingTick(expires: number): number {
    const wheel = this.jiffies + (this.inSoftirq ? 1 : 0); // __run_timers moves it on before it calls a timer
    return firingTick(expires, wheel) + (this.clock.softirqDelay?.() ?? 0);
  }

  private next(): Timer {
    return this.timers.reduce((first, timer) => (timer.fires < first.fires ? timer : first));
  }
}

/** A struct timer_list. */
class Timer {
  /** The tick in which it fires. Infinity: it does not run. */
  fires = Infinity;
  private expires: number | undefined;

  constructor(
    private readonly clock: Jiffies,
    private handler: () => void,
  ) {}

  /** __mod_timer: a timer that expires in the same tick as before stays in its bucket, however coarse that is. */
  set(ticks: number, handler = this.handler): void {
    const expires = this.clock.jiffies + ticks;
    this.handler = handler;
    if (this.expires === expires) return;
    this.expires = expires;
    this.fires = this.clock.firingTick(expires);
  }

  stop(): void {
    this.fires = Infinity;
    this.expires = undefined;
  }

  fire(): void {
    this.stop();
    this.handler();
  }
}
