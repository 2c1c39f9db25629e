import { KeepaliveError, applyKeepaliveToProcess, defineProfile, profiles, type KeepaliveProfile } from './index.js';

/**
 * Gives every server and every outgoing connection of a process the profiles that two environment variables name, without
 * a change of its code: `node --import tcp-keepalive/register app.js`, or `--require`, or either in `NODE_OPTIONS`.
 * Worker threads, cluster workers and child processes of `fork` inherit it. Other child processes (`spawn`) need it in
 * `NODE_OPTIONS`, and workers with `eval: true` need `--require` in place of `--import`. Node only.
 *
 * `TCP_KEEPALIVE_SERVERS` and `TCP_KEEPALIVE_CONNECTIONS` are the name of a profile (`presence`), or a delay, an interval
 * and a count (`240s/20s/3`), with a user timeout if `'match'` is not wanted (`4m/20s/3/300s`). The units are `ms`, `s` and
 * `m`, and are required. `NODE_DEBUG=tcp-keepalive` prints what was tuned.
 *
 * A value that is not understood ends the process with `ERR_KEEPALIVE_PROFILE`. Where the profiles cannot be applied (no
 * addon, Bun, Deno) the process starts without them and emits a warning.
 *
 * @packageDocumentation
 */
export {};

const variables = { servers: 'TCP_KEEPALIVE_SERVERS', connections: 'TCP_KEEPALIVE_CONNECTIONS' } as const;
const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000 };
const allowed = `a named profile (${Object.keys(profiles).join(', ')}) or DELAY/INTERVAL/COUNT or DELAY/INTERVAL/COUNT/USER-TIMEOUT with s, m or ms on each time, for example 240s/20s/3 or 4m/20s/3/300s`;

register(profileIn(variables.servers), profileIn(variables.connections));

function register(servers: KeepaliveProfile | undefined, connections: KeepaliveProfile | undefined): void {
  if (servers === undefined && connections === undefined) {
    warn(`set ${variables.servers} or ${variables.connections} to ${allowed}`);
    return;
  }
  try {
    applyKeepaliveToProcess({ servers, connections });
  } catch (error) {
    // An application must start without its keepalive too.
    warn((error as Error).message, (error as KeepaliveError).code);
  }
}

function warn(problem: string, code = 'ERR_KEEPALIVE'): void {
  process.emitWarning(`tcp-keepalive/register does nothing: ${problem}`, { type: 'KeepaliveWarning', code });
}

/** undefined: the variable is not set, or empty. Anything that cannot be understood ends the process. */
function profileIn(variable: string): KeepaliveProfile | undefined {
  const value = process.env[variable];
  if (value === undefined || value === '') return undefined;
  if (Object.hasOwn(profiles, value)) return profiles[value as keyof typeof profiles];
  const fail = (problem: string, cause?: unknown) =>
    new KeepaliveError(
      'ERR_KEEPALIVE_PROFILE',
      `${variable}=${value}: ${problem}\nAllowed: ${allowed}`,
      cause === undefined ? { field: variable } : { field: variable, cause },
    );
  const parts = /^(\d+(?:ms|s|m))\/(\d+(?:ms|s|m))\/(\d+)(?:\/(\d+(?:ms|s|m)))?$/.exec(value);
  if (parts === null) throw fail('this is not a keepalive profile');
  const [, initialDelay = '', interval = '', count = '', userTimeout] = parts;
  try {
    return defineProfile({
      initialDelay: milliseconds(initialDelay),
      interval: milliseconds(interval),
      count: Number(count),
      userTimeout: userTimeout === undefined ? 'match' : milliseconds(userTimeout),
    });
  } catch (error) {
    throw fail((error as Error).message, error);
  }
}

function milliseconds(time: string): number {
  const [, digits, unit] = /^(\d+)(.+)$/.exec(time)!;
  return Number(digits) * units[unit!]!;
}
