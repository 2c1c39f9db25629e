import { assertNumber, longestDelay } from '../arguments.js';
import { outOfRange } from '../invalid-argument.js';

/** A checked option in milliseconds. */
export function checkedTime(name: string, value: unknown): number {
  assertNumber(name, value);
  if (!(value >= 1 && value <= longestDelay)) throw outOfRange(name, `1 to ${longestDelay} milliseconds`, value);
  return value;
}
