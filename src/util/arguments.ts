import { invalidArgumentType, outOfRange } from './invalid-argument.js';

/** Throws `ERR_INVALID_ARG_TYPE` for anything but an object. */
export function assertObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null) throw invalidArgumentType(name, 'an object', value);
}

/** Throws `ERR_INVALID_ARG_TYPE` for an unknown field: a typo must not pass. */
export function assertKnownFields(name: string, value: object, known: readonly string[]): void {
  for (const [field, found] of Object.entries<unknown>(value as Record<string, unknown>)) {
    if (!known.includes(field)) throw invalidArgumentType(`${name}.${field}`, `one of ${known.join(', ')}`, found);
  }
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

/** Returns a valid value, or throws. */
export type Check<T> = (name: string, value: unknown) => T;

/**
 * Reads the named fields of an options object and checks them in this order. Each is read once: a getter can return
 * another value the second time.
 */
export function readOptions<T extends object>(
  options: unknown,
  checks: { readonly [Name in keyof T]: Check<T[Name]> },
): T {
  assertObject('options', options);
  const read: Partial<T> = {};
  for (const name of Object.keys(checks) as (keyof T & string)[]) {
    read[name] = checks[name](`options.${name}`, (options as Partial<T>)[name]);
  }
  return read as T;
}

/** An option that may be absent. */
export function optional<T, Default>(check: Check<T>, otherwise: Default): Check<T | Default> {
  return (name, value) => (value === undefined ? otherwise : check(name, value));
}

/** `typeof` as a check. */
export function checkedType<Name extends keyof TypeNames>(type: Name): Check<TypeNames[Name]> {
  return (name, value) => {
    if (typeof value === type) return value as TypeNames[Name];
    throw invalidArgumentType(name, `a ${type}`, value);
  };
}

interface TypeNames {
  boolean: boolean;
  string: string;
  function: (...args: never[]) => unknown;
}
