import type { KeepaliveError } from '../../index.js';
import { checkedTime, checkedType, optional, readOptions, type Check } from '../../util/arguments.js';
import { invalidArgumentType } from '../../util/invalid-argument.js';

/** Options of {@link SilenceWatchdog}. */
export interface SilenceWatchdogOptions {
  /**
   * Milliseconds, 1 to 2,147,483,647. Choose the interval of the server's heartbeat, and as much more as its delivery
   * can take on the worst network: the clients of a mail service that sends an event every 5 minutes reconnect after 6.
   */
  readonly timeout: number;
  /** Called after the silent connection was destroyed: connect again here. */
  readonly onSilence?: ((silentFor: number, error: KeepaliveError) => void) | undefined;
  /** The event type of the server's pings, for {@link SilenceWatchdog.watch} of an `EventSource`. Default: `'ping'`. */
  readonly event?: string | undefined;
  /**
   * What counts against the other side. Default: `'silence'`.
   *
   * - `'silence'`: nothing was received.
   * - `'write'`: a write was not answered. The clock runs from the first write after which nothing was received; a
   *   connection without such a write is left alone. For pooled connections, and for servers that send no heartbeat.
   */
  readonly armedBy?: 'silence' | 'write' | undefined;
}

const checkedArm: Check<'silence' | 'write'> = (name, value) => {
  if (value === 'silence' || value === 'write') return value;
  throw invalidArgumentType(name, "'silence' or 'write'", value);
};

/** Checks the options, and fills in the defaults. */
export function readWatchdogOptions(options: SilenceWatchdogOptions) {
  const { onSilence, ...others } = readOptions(options, {
    timeout: checkedTime,
    onSilence: optional(checkedType('function'), undefined),
    event: optional(checkedType('string'), 'ping'),
    armedBy: optional(checkedArm, 'silence'),
  });
  return { ...others, onSilence: onSilence as SilenceWatchdogOptions['onSilence'] };
}
