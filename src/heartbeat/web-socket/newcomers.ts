/** Elements that are looked at in one step. */
const stride = 64;

/**
 * Finds what is new in a live Set, which tells nobody. A look costs one comparison while its size says that there is
 * nothing new, else one walk, in steps. Between the walks it holds nothing: an iterator that is kept would hold on to
 * elements that have left.
 */
export class Newcomers<T> {
  readonly #set: ReadonlySet<T>;
  readonly #looksToWalk: number;
  #walk: Iterator<T> | undefined;
  #looks = 0;

  /** `looksToWalk`: of so many looks one walks whatever the size says, as one may have come while another left. */
  constructor(set: ReadonlySet<T>, looksToWalk: number) {
    this.#set = set;
    this.#looksToWalk = looksToWalk;
  }

  /** Starts a walk if the set has not just as many elements as are known, or none was for long. */
  look(known: number): void {
    this.#looks += 1;
    if (this.#set.size === known && this.#looks < this.#looksToWalk) return;
    this.#looks = 0;
    this.#walk ??= this.#set.values();
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
