/** A place in a {@link Wheel}. Whatever is to have turns extends it. */
export class Seat {
  /** -1: none. */
  slot = -1;
  place = -1;
}

/** Fewer, larger groups of turns wake a process less often: each time costs as much as several pings. */
const mostSlots = 64;
/** Milliseconds, or timers could not tell one slot from the next. */
const narrowestSlot = 2;
/** How even is even: no more than half as many again as the average. */
const crowded = 1.5;
/** As many in one slot are no burst. */
const few = 3;
const draws = 4;
/** So many times as fast does a wheel turn that is late: no burst after the process was stopped. */
const catchUp = 4;
/** The fractions of its multiples are as evenly spread as can be, however many are taken (Weyl; Knuth, TAOCP 6.4). */
const goldenRatio = 0.6180339887498949;

/**
 * Gives each of its items a turn within a period, and the turns of all lie evenly in the period whenever the items came.
 * All operations take the same time for any number of items.
 *
 * The period is divided into slots. An item without a wish gets any slot that has few items; one that wants its turn by a
 * certain time gets the slot of that time, or where that is crowded (half as many again as the average) one with fewer in
 * the half period before.
 */
export class Wheel<T extends Seat> {
  readonly #slots: T[][];
  /** In a period. The wheel has twice as many, so that a late one has room. */
  readonly #reach: number;
  /** Milliseconds. */
  readonly #width: number;
  /** The time of slot 0, by `performance.now()`. */
  #origin: number;
  /** The next slot to be taken, counted from the origin. */
  #hand = 0;
  /** The last one of this round. */
  #last = -1;
  #size = 0;
  #drawn = 0;
  /** The slot that the next newcomer gets, until it has its share. */
  #filling = -1;

  constructor(period: number, now: number) {
    this.#reach = Math.max(1, Math.min(mostSlots, Math.floor(period / narrowestSlot)));
    this.#width = period / this.#reach;
    this.#slots = Array.from({ length: 2 * this.#reach }, () => []);
    this.#origin = now;
  }

  /**
   * A turn within the next period; answers when. `expected`: items that there will be when those that come now have come.
   * They are neighbors in memory, so as many as can be have their turns together.
   */
  seat(item: T, expected = this.#size + 1): number {
    const isOpen = this.#filling > this.#hand && this.#load(this.#filling) < expected / this.#reach;
    if (!isOpen) this.#filling = this.#draw(this.#hand + 1, this.#hand + this.#reach);
    this.#put(item, this.#filling);
    return this.#timeOf(this.#filling);
  }

  /** A turn at `due`, or before where that is crowded, but not at once. */
  seatBy(item: T, due: number): void {
    const latest = Math.min(this.#hand + 2 * this.#reach - 1, Math.max(this.#hand + 1, this.#slotAt(due)));
    const earliest = Math.max(this.#hand + 1, latest - Math.ceil(this.#reach / 2));
    this.#put(item, this.#isCrowded(latest) ? this.#draw(earliest, latest) : latest);
  }

  unseat(item: T): void {
    if (item.slot === -1) return;
    const slot = this.#slots[item.slot]!;
    const last = slot.pop()!;
    if (last !== item) {
      slot[item.place] = last;
      last.place = item.place;
    }
    item.slot = -1;
    this.#size -= 1;
  }

  /** Begins a round: what is due until now can be taken. */
  turn(now: number): void {
    const current = this.#slotAt(now);
    while (this.#hand < current && this.#load(this.#hand) === 0) this.#hand += 1;
    const beyond = current - this.#hand - this.#reach;
    if (beyond > 0) this.#origin += beyond * this.#width;
    this.#last = Math.min(current - Math.max(0, beyond), this.#hand + catchUp - 1);
  }

  /** The next item of this round, which has its seat no more. */
  take(): T | undefined {
    while (this.#hand <= this.#last) {
      const item = this.#slots[this.#hand % this.#slots.length]!.at(-1);
      if (item !== undefined) {
        this.unseat(item);
        return item;
      }
      this.#hand += 1;
    }
    return undefined;
  }

  /** When the next round can be, after the last was taken whole. */
  next(now: number): number {
    if (this.#size === 0) return Infinity;
    let next = this.#hand;
    while (this.#load(next) === 0) next += 1;
    const time = this.#timeOf(next);
    return time > now ? time : now + this.#width;
  }

  #timeOf(slot: number): number {
    return this.#origin + slot * this.#width;
  }

  #slotAt(time: number): number {
    return Math.floor((time - this.#origin) / this.#width);
  }

  #load(slot: number): number {
    return this.#slots[slot % this.#slots.length]!.length;
  }

  #isCrowded(slot: number): boolean {
    return this.#load(slot) >= Math.max(few, (crowded * this.#size) / this.#reach);
  }

  /** Of a few slots from the first to the last, one that is not crowded, or else the one with the fewest. */
  #draw(first: number, last: number): number {
    let best = last;
    for (let draw = 0; draw < draws; draw += 1) {
      this.#drawn += 1;
      const slot = first + Math.floor(((this.#drawn * goldenRatio) % 1) * (last - first + 1));
      if (!this.#isCrowded(slot)) return slot;
      if (draw === 0 || this.#load(slot) < this.#load(best)) best = slot;
    }
    return best;
  }

  #put(item: T, slot: number): void {
    item.slot = slot % this.#slots.length;
    item.place = this.#slots[item.slot]!.push(item) - 1;
    this.#size += 1;
  }
}
