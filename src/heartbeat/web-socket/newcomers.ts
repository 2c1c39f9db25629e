/** Elements that are looked at in one step. */
const stride = 64;

/**
 * Finds new elements of a live Set, which emits no events. A look compares the size of the Set with the number of known
 * elements, and walks through the Set, in steps, only where they differ. No iterator is kept between walks: it would
 * keep elements in memory that have left the Set.
 */
export class Newcomers<T> {
  readonly #set: ReadonlySet<T>;
  readonly #looksToWalk: number;
  #walk: Iterator<T> | undefined;
  #looks = 0;

  /**
   * `looksToWalk`: one of this many looks walks whatever the size is, because one element can come while another
   * leaves.
   */
  constructor(set: ReadonlySet<T>, looksToWalk: number) {
    this.#set = set;
    this.#looksToWalk = looksToWalk;
  }

  /** Starts a walk if the size of the Set is not the number of known elements, or if the last walk is long ago. */
  look(known: number): void {
    this.#looks += 1;
    if (this.#set.size === known && this.#looks < this.#looksToWalk) return;
    this.#looks = 0;
    this.#walk ??= this.#set.values();
  }

  /** Does a part of the walk. Returns false when there is no walk. */
  step(isKnown: (element: T) => boolean, meet: (element: T) => void): boolean {
    if (this.#walk === undefined) return false;
    for (let looked = 0; looked < stride; looked += 1) {
      const next = this.#walk.next();
      if (next.done === true) {
        this.#walk = undefined;
        return true;
      }
      if (isKnown(next.value)) continue;
      meet(next.value);
      return true;
    }
    return true;
  }
}
