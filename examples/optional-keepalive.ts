// For authors of libraries: all of a profile where your user has installed tcp-keepalive and its binary loads, and elsewhere
// what Node itself can do. In package.json:
//
//   "peerDependencies": { "tcp-keepalive": "*" },
//   "peerDependenciesMeta": { "tcp-keepalive": { "optional": true } }
import { Socket } from 'node:net';
import type * as TcpKeepalive from 'tcp-keepalive';

/** The same names and units as KeepaliveProfile. A type of your own: your users may compile without tcp-keepalive. */
export interface KeepaliveOptions {
  readonly initialDelay: number;
  readonly interval: number;
  readonly count: number;
}

/** What was set: everything, all but the user timeout, the initial delay, or nothing, as for a Unix-domain socket. */
export type KeepaliveOutcome = 'profile' | 'timing' | 'initialDelay' | 'nothing';

const keepalive = load();

function load(): typeof TcpKeepalive | undefined {
  try {
    // In an ES module: createRequire(import.meta.url)('tcp-keepalive'). It does not throw where its binary is missing.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const loaded = require('tcp-keepalive') as typeof TcpKeepalive;
    return loaded.keepaliveSupport.available ? loaded : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Connected or not: either way it is applied at the latest in 'connect'. */
export function keepAlive(socket: Socket, options: KeepaliveOptions): KeepaliveOutcome {
  return keepalive === undefined ? byNode(socket, options) : byPackage(keepalive, socket, options);
}

function byPackage(
  { applyKeepalive, KeepaliveError }: typeof TcpKeepalive,
  socket: Socket,
  options: KeepaliveOptions,
): KeepaliveOutcome {
  try {
    applyKeepalive(socket, { ...options, userTimeout: 'match' });
    return 'profile';
  } catch (error) {
    if (error instanceof KeepaliveError && error.code === 'ERR_KEEPALIVE_NOT_TCP') return 'nothing';
    throw error;
  }
}

/** Node from 24.19 and 26.4 takes an interval and a count too. Older ones ignore them, and set 1 s and 10. */
type SetTiming = (enable: boolean, initialDelay: number, interval: number, count: number) => Socket;
const takesTiming = Socket.prototype.setKeepAlive.length >= 4;

function byNode(socket: Socket, { initialDelay, interval, count }: KeepaliveOptions): KeepaliveOutcome {
  if (takesTiming) (socket.setKeepAlive.bind(socket) as SetTiming)(true, initialDelay, interval, count);
  else socket.setKeepAlive(true, initialDelay);
  return takesTiming ? 'timing' : 'initialDelay';
}
