import { invalidArgumentType, outOfRange } from './invalid-argument.js';

/** Throws `ERR_INVALID_ARG_TYPE` for anything but an object. */
export function assertObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null) throw invalidArgumentType(name, 'an object', value);
}

/** Throws `ERR_INVALID_ARG_TYPE` for anything but a number. */
export function assertNumber(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw invalidArgumentType(name, 'a number', value);
}

/** The longest delay of a Node timer, in milliseconds. */
export const longestDelay = 0x7fffffff;

/** A checked option in milliseconds, for a timer. */
export function checkedTime(name: string, value: unknown): number {
  assertNumber(name, value);
  if (!(value >= 1 && value <= longestDelay)) throw outOfRange(name, `1 to ${longestDelay} milliseconds`, value);
  return value;
}
