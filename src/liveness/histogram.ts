/** Upper bounds in milliseconds: one second to one hour, closest where the detection times of profiles lie. */
const bounds = Object.freeze([
  1_000, 5_000, 15_000, 30_000, 60_000, 120_000, 240_000, 360_000, 600_000, 1_200_000, 3_600_000,
]);

/** Counts values by range. */
export class Histogram {
  readonly bounds: readonly number[] = bounds;
  readonly #counts = new Array<number>(bounds.length + 1).fill(0);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(value: number): void {
    let place = 0;
    while (place < bounds.length && value > bounds[place]!) place += 1;
    this.#counts[place]! += 1;
    this.#total += 1;
  }

  /** The counts as shares of so many: whole numbers that add up to it. */
  scaledTo(whole: number): number[] {
    const scale = this.#total === 0 ? 0 : whole / this.#total;
    let below = 0;
    let scaledBelow = 0;
    return this.#counts.map((count) => {
      below += count;
      const scaled = Math.round(below * scale) - scaledBelow;
      scaledBelow += scaled;
      return scaled;
    });
  }
}
