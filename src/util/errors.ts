import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

export { display, invalidArgumentType, outOfRange } from './invalid-argument.js';

/** Every code of this package, and what it means. A refused system call has the kernel's name as its code. */
export const errorCodes = {
  ERR_KEEPALIVE_PROFILE: 'A field of the profile is missing, unknown, of the wrong type or out of range',
  ERR_KEEPALIVE_NOT_TCP: 'The target does not carry one TCP connection of this process',
  ERR_KEEPALIVE_NOT_CONNECTED: 'There is nothing to read yet: the socket is not connected, the server not listening',
  ERR_KEEPALIVE_CLOSED: 'The socket is closed',
  ERR_KEEPALIVE_UNSUPPORTED:
    'This operating system does not have the option, or this runtime does not tell the descriptor',
  ERR_KEEPALIVE_PLAN: 'Two constraints of a plan cannot both be met',
  ERR_KEEPALIVE_SILENCE: "Nothing was heard for as long as a watchdog's timeout, or a monitor's destroyAfter",
  ERR_KEEPALIVE_ADDON: 'The native addon could not be loaded',
} as const;

/** The codes of this package. */
export type KeepaliveErrorCode = keyof typeof errorCodes;

/** What a {@link KeepaliveError} can carry besides its code and message. */
export interface KeepaliveErrorDetails {
  readonly field?: string;
  readonly option?: string;
  readonly errno?: number;
  readonly syscall?: string;
  readonly cause?: unknown;
}

/**
 * The error of this package. Only wrong arguments throw others, as in Node: a `TypeError` with code
 * `ERR_INVALID_ARG_TYPE` or a `RangeError` with `ERR_OUT_OF_RANGE`. Match on `code`; messages may change.
 *
 * @example
 * ```ts
 * try {
 *   applyKeepalive(socket, { initialDelay: 30, interval: 5_000, count: 3 });
 * } catch (error) {
 *   if (!(error instanceof KeepaliveError)) throw error;
 *   const code: KeepaliveErrorCode | (string & {}) = error.code; // 'ERR_KEEPALIVE_PROFILE'
 *   const { field, option }: KeepaliveErrorDetails = error; // 'initialDelay', undefined
 * }
 * ```
 */
export class KeepaliveError extends Error {
  /** A {@link KeepaliveErrorCode}, or the kernel's name for a refused system call (`'EINVAL'`). */
  readonly code: KeepaliveErrorCode | (string & {});
  /** `ERR_KEEPALIVE_PROFILE`: the field of the profile. */
  declare readonly field?: string;
  /** The option as this OS names it, for example `'TCP_KEEPCNT'`. */
  declare readonly option?: string;
  /** A refused system call: its error number, negative as in Node's own system errors. */
  declare readonly errno?: number;
  /** A refused system call: `'setsockopt'`, `'getsockopt'`, `'socket'` or (old Windows) `'ioctl'`. */
  declare readonly syscall?: string;

  constructor(code: KeepaliveErrorCode | (string & {}), message: string, details: KeepaliveErrorDetails = {}) {
    const { cause, ...properties } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, properties);
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'KeepaliveError', configurable: true, writable: true });
  }
}

/** The kernel's name and words for a libuv error number. */
export function systemErrorText(errno: number): { name: string; text: string } {
  const [name, text] = getSystemErrorMap().get(errno) ?? [unnamedByLibuv(errno), 'the system gives no description'];
  return { name, text };
}

/** libuv names only the errors that its own calls can return; a security module or a sandbox may return any. */
function unnamedByLibuv(errno: number): string {
  const known = Object.entries(constants.errno).find(([, number]) => number === -errno);
  return known?.[0] ?? `error ${errno}`;
}
