/** A place in a {@link Wheel}. The items of a wheel extend it. */
export class Seat {
  /** -1: none. */
  slot = -1;
  place = -1;
}

/** Few slots wake the process less often: a wake-up costs as much as several pings. */
const mostSlots = 64;
/** Milliseconds. Timers cannot tell narrower slots apart. */
const narrowestSlot = 2;
/** A slot that holds this many times the average is crowded. */
const crowded = 1.5;
/** A slot that holds fewer than this is never crowded. */
const few = 3;
const draws = 4;
/**
 * A wheel that is late turns this many times as fast, and no faster: there is no burst after the process was stopped.
 */
const catchUp = 4;
/**
 * The fractional parts of its multiples are spread as evenly as possible, however many are taken (Weyl; Knuth, TAOCP
 * 6.4).
 */
const goldenRatio = 0.6180339887498949;

/**
 * Gives each item one turn within a period, and spreads the turns evenly over the period, whenever the items come. Each
 * operation takes the same time for any number of items.
 *
 * The period is divided into slots. A new item gets any slot that has few items. An item that is due at a certain time
 * gets the slot of that time; if that is crowded (half as many again as the average), it gets an emptier slot in the
 * half period before.
 */
export class Wheel<T extends Seat> {
  readonly #slots: T[][];
  /** Slots in a period. The wheel has twice as many, so that a late item has room. */
  readonly #reach: number;
  /** Milliseconds. */
  readonly #width: number;
  /** The time of slot 0, by `performance.now()`. */
  #origin: number;
  /** The next slot to be taken, counted from the origin. */
  #hand = 0;
  /** The last slot of this round. */
  #last = -1;
  #size = 0;
  #drawn = 0;
  /** The slot that new items get, until it has its share. */
  #filling = -1;

  constructor(period: number, now: number) {
    this.#reach = Math.max(1, Math.min(mostSlots, Math.floor(period / narrowestSlot)));
    this.#width = period / this.#reach;
    this.#slots = Array.from({ length: 2 * this.#reach }, () => []);
    this.#origin = now;
  }

  /**
   * Gives an item a turn within the next period, and returns its time. `expected`: how many items there will be once
   * all that are being added now are added. These are neighbors in memory, so they share slots as far as possible.
   */
  seat(item: T, expected = this.#size + 1): number {
    const isOpen = this.#filling > this.#hand && this.#load(this.#filling) < expected / this.#reach;
    if (!isOpen) this.#filling = this.#draw(this.#hand + 1, this.#hand + this.#reach);
    this.#put(item, this.#filling);
    return this.#timeOf(this.#filling);
  }

  /** Gives an item a turn at `due`, or earlier where that slot is crowded, but not in the present slot. */
  seatBy(item: T, due: number): void {
    const latest = Math.min(this.#hand + 2 * this.#reach - 1, Math.max(this.#hand + 1, this.#slotAt(due)));
    const earliest = Math.max(this.#hand + 1, latest - Math.ceil(this.#reach / 2));
    this.#put(item, this.#lastOrDrawn(earliest, latest));
  }

  /** Gives an item that had its turn early another one, by `due`, where that crowds no slot. Returns whether it did. */
  postpone(item: T, due: number): boolean {
    const latest = this.#slotAt(due);
    if (latest <= this.#hand) return false;
    const slot = this.#lastOrDrawn(this.#hand + 1, latest);
    if (this.#isCrowded(slot)) return false;
    this.#put(item, slot);
    return true;
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

  /** Begins a round: items that are due by now can be taken. */
  turn(now: number): void {
    const current = this.#slotAt(now);
    while (this.#hand < current && this.#load(this.#hand) === 0) this.#hand += 1;
    const beyond = current - this.#hand - this.#reach;
    if (beyond > 0) this.#origin += beyond * this.#width;
    this.#last = Math.min(current - Math.max(0, beyond), this.#hand + catchUp - 1);
  }

  /** Takes the next item of this round out of its slot and returns it. */
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

  /** When the next round is due, once all items of the last one are taken. */
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

  /** The last slot, or where that is crowded one that {@link #draw} finds. */
  #lastOrDrawn(first: number, last: number): number {
    return this.#isCrowded(last) ? this.#draw(first, last) : last;
  }

  /** Tries a few slots from the first to the last: returns one that is not crowded, or else the emptiest. */
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
