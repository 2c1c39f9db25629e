// The preload: `node --import tcp-keepalive/register app.js`, or `--require`, or either in NODE_OPTIONS. Gives every server
// and every outgoing connection of the process the profiles that two environment variables name.
import type { KeepaliveError, KeepaliveProfile } from './index.js';

export {};

type Package = typeof import('./index.js');

const variables = { servers: 'TCP_KEEPALIVE_SERVERS', connections: 'TCP_KEEPALIVE_CONNECTIONS' } as const;
const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000 };

const keepalive = load();
if (keepalive !== undefined) register(keepalive);

/** An application must start without its keepalive too. */
function load(): Package | undefined {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require('./index.js') as Package;
  } catch (error) {
    warn((error as Error).message, (error as KeepaliveError).code);
    return undefined;
  }
}

function register(keepalive: Package): void {
  const servers = profileIn(variables.servers, keepalive);
  const connections = profileIn(variables.connections, keepalive);
  if (servers === undefined && connections === undefined) {
    warn(`set ${variables.servers} or ${variables.connections} to ${grammar(keepalive)}`);
    return;
  }
  try {
    keepalive.applyKeepaliveToProcess({ servers, connections });
  } catch (error) {
    warn((error as Error).message, (error as KeepaliveError).code);
  }
}

function warn(problem: string, code = 'ERR_KEEPALIVE'): void {
  process.emitWarning(`tcp-keepalive/register does nothing: ${problem}`, { type: 'KeepaliveWarning', code });
}

/** undefined: the variable is not set, or empty. Anything that cannot be understood ends the process. */
function profileIn(variable: string, keepalive: Package): KeepaliveProfile | undefined {
  const value = process.env[variable];
  if (value === undefined || value === '') return undefined;
  const { KeepaliveError, defineProfile, profiles } = keepalive;
  if (Object.hasOwn(profiles, value)) return profiles[value as keyof typeof profiles];
  const fail = (problem: string, cause?: unknown) =>
    new KeepaliveError(
      'ERR_KEEPALIVE_PROFILE',
      `${variable}=${value}: ${problem}\nAllowed: ${grammar(keepalive)}`,
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

function grammar({ profiles }: Package): string {
  const names = Object.keys(profiles).join(', ');
  return `a named profile (${names}) or DELAY/INTERVAL/COUNT or DELAY/INTERVAL/COUNT/USER-TIMEOUT with s, m or ms on each time, for example 240s/20s/3 or 4m/20s/3/300s`;
}

function milliseconds(time: string): number {
  const [, digits, unit] = /^(\d+)(.+)$/.exec(time)!;
  return Number(digits) * units[unit!]!;
}
