/** Options of both connections; all times in milliseconds, 1 to 2,147,483,647. */
export interface LiveOptions {
  /** How long nothing may arrive before the connection is dropped and made again. Default 360,000 (6 minutes). */
  readonly timeout?: number;
  /** How long the server may take to open the connection. Default 30,000. */
  readonly connectTimeout?: number;
  /**
   * The first attempt to reconnect comes at a random moment within this time, so that the clients of a server that
   * restarts come back spread over it. Doubles with each attempt that fails. Default 10,000.
   */
  readonly reconnectWithin?: number;
  /** What `reconnectWithin` grows to at most. Default 300,000. */
  readonly reconnectWithinAtMost?: number;
}

export type Times = Required<LiveOptions>;

const defaults: Times = {
  timeout: 360_000,
  connectTimeout: 30_000,
  reconnectWithin: 10_000,
  reconnectWithinAtMost: 300_000,
};
const longest = 2 ** 31 - 1;

export function timesOf(options: LiveOptions): Times {
  if (typeof options !== 'object' || (options as object | null) === null) throw new TypeError('options: not an object');
  const times = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Times)[]) times[name] = duration(name, options[name], times[name]);
  if (times.reconnectWithin > times.reconnectWithinAtMost) {
    if (options.reconnectWithinAtMost !== undefined) {
      throw new RangeError('reconnectWithinAtMost: less than reconnectWithin');
    }
    times.reconnectWithinAtMost = times.reconnectWithin;
  }
  return times;
}

export function duration(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number') throw new TypeError(`${name}: a ${typeof value} is not a number`);
  if (!(value >= 1 && value <= longest)) throw new RangeError(`${name}: ${value} is not 1 to ${longest} milliseconds`);
  return value;
}

/** How long to wait before an attempt: exponential backoff with full jitter, after what the server asks for. */
export function delayBefore(attempt: number, times: Times, retry = 0, random = Math.random()): number {
  const within = Math.min(times.reconnectWithinAtMost, times.reconnectWithin * 2 ** attempt);
  return Math.min(longest, retry + random * within);
}
