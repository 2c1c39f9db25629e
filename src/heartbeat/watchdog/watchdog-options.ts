import type { KeepaliveError } from '../../index.js';
import { checkedTime, checkedType, optional, readOptions, type Check } from '../../util/arguments.js';
import { invalidArgumentType } from '../../util/invalid-argument.js';

/** Options of {@link SilenceWatchdog}. */
export interface SilenceWatchdogOptions {
  /**
   * Milliseconds, 1 to 2 147 483 647. Longer than the server's heartbeat by what an answer may take on the worst network: a
   * mail service that sends an event every 5 minutes has clients that reconnect after 6.
   */
  readonly timeout: number;
  /** After the silence, and after what was watched was destroyed: connect again here. */
  readonly onSilence?: ((silentFor: number, error: KeepaliveError) => void) | undefined;
  /** The type of event that the server's pings are, for {@link SilenceWatchdog.watch} of an `EventSource`: `'ping'`. */
  readonly event?: string | undefined;
  /**
   * What is held against the other side.
   *
   * - `'silence'`, the default: that nothing was received.
   * - `'write'`: that what was written was not answered. The clock runs from the first write after which nothing was received; a
   *   connection without such a write is left alone. For pooled connections, and servers that send no heartbeat.
   */
  readonly armedBy?: 'silence' | 'write' | undefined;
}

const checkedArm: Check<'silence' | 'write'> = (name, value) => {
  if (value === 'silence' || value === 'write') return value;
  throw invalidArgumentType(name, "'silence' or 'write'", value);
};

/** Checks the options, and puts the defaults in their place. */
export function readWatchdogOptions(options: SilenceWatchdogOptions) {
  const { onSilence, ...others } = readOptions(options, {
    timeout: checkedTime,
    onSilence: optional(checkedType('function'), undefined),
    event: optional(checkedType('string'), 'ping'),
    armedBy: optional(checkedArm, 'silence'),
  });
  return { ...others, onSilence: onSilence as SilenceWatchdogOptions['onSilence'] };
}
