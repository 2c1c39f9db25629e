/** Elements that are looked at in one step. */
const stride = 64;

/**
 * Finds what is new in a live Set, which tells nobody. A look costs one comparison while its size says that there is
 * nothing new, else one walk, in steps. Between the walks it holds nothing: an iterator that is kept would hold on to
 * elements that have left.
 */
export class Newcomers<T> {
  readonly #set: ReadonlySet<T>;
  #walk: Iterator<T> | undefined;

  constructor(set: ReadonlySet<T>) {
    this.#set = set;
  }

  /** Starts a walk if the set has not just as many elements as are known. */
  look(known: number): void {
    if (this.#set.size !== known) this.#walk ??= this.#set.values();
  }

  /** A part of the walk; false: there is none. */
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
