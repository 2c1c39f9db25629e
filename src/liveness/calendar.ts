/** What {@link Calendar.take} returns when nothing is left. */
export const none = -1;

/** A calendar takes eight bytes a slot: at most half a megabyte. */
const mostSlots = 65_536;

/**
 * Knows when each of many places is due. Each operation takes the same time for any number of places, and a place takes
 * eight bytes.
 *
 * It is a timer wheel: time is divided into slots, and each slot has a ring of the places that are due in it. A ring is
 * made of links in two typed arrays, from its head through its places and back, so a place needs no object and a ring has no
 * maximum length. When a slot begins it is opened: its ring joins the ring of what is due now, and the slot is free for a
 * later time.
 *
 * Nothing is taken before its time, except a place that is due later than the slots reach: that is taken early and has to be
 * put again. The times can be those of any clock that does not go back.
 */
export class Calendar {
  readonly #width: number;
  readonly #slots: number;
  readonly #origin: number;
  /** The last slot that was opened, counted from the origin. */
  #opened = 0;
  /** Nodes: a head for each slot, one for what is due now, then the places. A place that is in no ring links to itself. */
  #next = new Int32Array(0);
  #previous = new Int32Array(0);

  /** @param span how far ahead places are put as a rule */
  constructor(width: number, span: number, now: number) {
    this.#width = width;
    this.#slots = Math.min(mostSlots, Math.ceil(span / width) + 1);
    this.#origin = now;
    this.resize(0);
  }

  /** Makes room for so many places. Those that are cut off must not be in the calendar. */
  resize(places: number): void {
    this.#next = resized(this.#next, this.#node(places));
    this.#previous = resized(this.#previous, this.#node(places));
  }

  /** Makes a place due at a time, but not in the current round. */
  put(place: number, time: number): void {
    const node = this.#node(place);
    this.#unlink(node);
    const soonest = this.#opened + 1;
    const wanted = Math.ceil((time - this.#origin) / this.#width);
    const slot = Math.min(Math.max(wanted, soonest), this.#opened + this.#slots);
    this.#join(slot % this.#slots, node, node);
  }

  remove(place: number): void {
    this.#unlink(this.#node(place));
  }

  /** Moves the time of one place to another, which has none. */
  move(from: number, to: number): void {
    const old = this.#node(from);
    const next = this.#next[old]!;
    if (next === old) return;
    this.#unlink(old);
    const node = this.#node(to);
    this.#join(next, node, node);
  }

  /** Opens the slots that have begun; false: there are none. */
  open(now: number): boolean {
    const current = Math.floor((now - this.#origin) / this.#width);
    if (current <= this.#opened) return false;
    const last = Math.min(current, this.#opened + this.#slots);
    for (let slot = this.#opened + 1; slot <= last; slot += 1) this.#empty(slot % this.#slots);
    this.#opened = current;
    return true;
  }

  /** Takes a place whose time has passed out of the calendar, or answers {@link none}. */
  take(): number {
    const node = this.#next[this.#slots]!;
    if (node === this.#slots) return none;
    this.#unlink(node);
    return node - this.#slots - 1;
  }

  /** When the next slot begins. */
  nextOpening(): number {
    return this.#origin + (this.#opened + 1) * this.#width;
  }

  #node(place: number): number {
    return this.#slots + 1 + place;
  }

  /** Moves the ring of a slot to the end of what is due. */
  #empty(slot: number): void {
    const first = this.#next[slot]!;
    if (first === slot) return;
    const last = this.#previous[slot]!;
    this.#next[slot] = this.#previous[slot] = slot;
    this.#join(this.#slots, first, last);
  }

  /** Links a chain of nodes in front of another node: in front of a head is the end of its ring. */
  #join(node: number, first: number, last: number): void {
    const end = this.#previous[node]!;
    this.#next[end] = first;
    this.#previous[first] = end;
    this.#next[last] = node;
    this.#previous[node] = last;
  }

  #unlink(node: number): void {
    const next = this.#next[node]!;
    const previous = this.#previous[node]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#next[node] = this.#previous[node] = node;
  }
}

function resized(links: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length);
  copy.set(links.subarray(0, length));
  for (let node = links.length; node < length; node += 1) copy[node] = node;
  return copy;
}
