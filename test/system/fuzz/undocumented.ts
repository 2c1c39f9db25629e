import { constants } from 'node:os';
import { KeepaliveError } from 'tcp-keepalive';
import { Hostile } from './values';

/** What is wrong with an error; undefined: it is documented. */
export function undocumented(error: unknown, allowed: readonly string[]): string | undefined {
  if (error instanceof Hostile) return undefined; // the value's own
  if (error instanceof TypeError && /revoked|detached/.test(error.message)) return undefined; // the engine’s, of such a value
  if (!(error instanceof Error)) return `not an error: ${String(error)}`;
  const { code = '', message }: NodeJS.ErrnoException = error;
  if (error.name === 'AbortError' && allowed.includes('aborted')) return undefined;
  if (message.length > 600) return `${message.length} letters`;
  // Nothing in the scene refuses: a value went unchecked, or to a descriptor of somebody else.
  if (code in constants.errno || code.startsWith('error ')) return `the kernel refused: ${message}`;
  if (!allowed.includes(code)) return `undocumented ${code}: ${error.stack}`;
  if (code === 'ERR_KEEPALIVE_PROFILE' && (error as Partial<KeepaliveError>).field === undefined)
    return 'without a field';
  const types = { ERR_INVALID_ARG_TYPE: TypeError, ERR_OUT_OF_RANGE: RangeError };
  const type = code in types ? types[code as keyof typeof types] : KeepaliveError;
  return error instanceof type ? undefined : `of the wrong class: ${error.stack}`;
}
