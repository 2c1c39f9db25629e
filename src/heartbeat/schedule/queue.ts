/** A place in a {@link Queue}. */
export interface Queued<T extends Queued<T>> {
  queue: Queue<T> | undefined;
  earlier: T | undefined;
  later: T | undefined;
}

/** First in, first out; items can leave from the middle too. Each operation takes the same time for any length. */
export class Queue<T extends Queued<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #length = 0;

  get first(): T | undefined {
    return this.#first;
  }

  get length(): number {
    return this.#length;
  }

  add(item: T): void {
    item.queue = this;
    item.earlier = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.later = item;
    this.#last = item;
    this.#length += 1;
  }

  remove(item: T): void {
    if (item.queue !== this) return;
    const { earlier, later } = item;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    item.queue = item.earlier = item.later = undefined;
    this.#length -= 1;
  }
}
