/** Upper bounds in milliseconds: one second to one hour, closest where the detection times of profiles lie. */
const bounds = Object.freeze([
  1_000, 5_000, 15_000, 30_000, 60_000, 120_000, 240_000, 360_000, 600_000, 1_200_000, 3_600_000,
]);

/** Counts values by range as they come, change and go. */
export class Histogram {
  /** The place of what has no value yet. */
  static readonly none = -1;
  readonly bounds: readonly number[] = bounds;
  readonly counts: number[] = new Array<number>(bounds.length + 1).fill(0);
  total = 0;

  /** Moves one from its place to that of a value, and answers the new place. */
  move(from: number, value: number): number {
    const to = placeOf(value);
    if (from === to) return to;
    this.take(from);
    this.counts[to]! += 1;
    this.total += 1;
    return to;
  }

  /** Takes one away from its place. */
  take(from: number): void {
    if (from === Histogram.none) return;
    this.counts[from]! -= 1;
    this.total -= 1;
  }
}

function placeOf(value: number): number {
  let place = 0;
  while (place < bounds.length && value > bounds[place]!) place += 1;
  return place;
}
