// What the fuzzer knows of a function: its arguments, its errors, and what its result must be.
import type { Arbitrary } from 'fast-check';
import type { Scene } from './scene';

/** Of any type, so of every type. */
export type Args = readonly [never, never, never, never];

export interface Subject {
  readonly args: readonly Arbitrary<unknown>[];
  /** Calls the function; answers undefined, or what is wrong with its result. */
  readonly call: (args: Args, scene: Scene) => unknown;
  /** The codes in its doc comment. */
  readonly errors: readonly string[];
  /** The values whose kernel settings a call may change. */
  readonly changes?: (args: Args) => readonly unknown[];
}

export const profileErrors = ['ERR_INVALID_ARG_TYPE', 'ERR_KEEPALIVE_PROFILE', 'ERR_KEEPALIVE_UNSUPPORTED'];
export const argumentErrors = ['ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE'];
export const socketErrors = [
  'ERR_INVALID_ARG_TYPE',
  'ERR_KEEPALIVE_NOT_TCP',
  'ERR_KEEPALIVE_CLOSED',
  'ERR_KEEPALIVE_NOT_CONNECTED',
];

export const isTime = (value: unknown) => typeof value === 'number' && value >= 0;

export function namesOf({ targets }: Scene, values: readonly unknown[]): string[] {
  return Object.keys(targets).filter((name) => values.includes(targets[name]));
}
