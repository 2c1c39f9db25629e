// Not in errors.ts: the bundle of tcp-keepalive/heartbeat must not contain a second KeepaliveError.
import { inspect } from 'node:util';

/** What Node throws for an argument of the wrong type. */
export function invalidArgumentType(name: string, expected: string, value: unknown): TypeError {
  const error = new TypeError(`The "${name}" argument must be ${expected}. Received ${display(value)}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

/** What Node throws for an argument that is out of range. */
export function outOfRange(name: string, range: string, value: number): RangeError {
  const error = new RangeError(
    `The value of "${name}" is out of range. It must be ${range}. Received ${display(value)}`,
  );
  return Object.assign(error, { code: 'ERR_OUT_OF_RANGE' });
}

/** A value as a message shows it: short, on one line, without running the value's own code. */
export function display(value: unknown): string {
  const shown = inspected(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}

function inspected(value: unknown): string {
  try {
    return inspect(value, { depth: 0, customInspect: false, breakLength: Infinity });
  } catch {
    return `a value of type ${typeof value}`; // a typed array whose buffer was transferred, a getter that throws
  }
}
