import type { Server } from 'node:net';
import type { ConnectionTarget } from './outgoing.js';
import { TunedProcess, sharedRegistry, type Rule } from './tuned-process.js';
import { assertAddon } from '../../addon/binding.js';
import { checked, type KeepaliveProfile } from '../../profile/profile.js';
import { assertAllReachable } from '../../socket/descriptor.js';
import { assertKnownFields, assertObject } from '../../util/arguments.js';
import { invalidArgumentType } from '../../util/errors.js';

/** Options of {@link applyKeepaliveToProcess}. */
export interface ProcessKeepaliveOptions {
  /**
   * For every server that listens: a profile, or a function from the server to its profile, or to undefined to leave it
   * alone. The function is called as the server begins to listen, so `server.address()` is known. Default: servers are
   * left alone.
   */
  readonly servers?: KeepaliveProfile | ((server: Server) => KeepaliveProfile | undefined) | undefined;
  /**
   * For every outgoing connection: a profile, or a function from the target to its profile, or to undefined to leave it
   * alone. The function is called once the connection is made. Default: connections are left alone.
   */
  readonly connections?: KeepaliveProfile | ((target: ConnectionTarget) => KeepaliveProfile | undefined) | undefined;
  /**
   * Called when a function throws or returns something that is not a profile, and when the kernel refuses the profile.
   * The server or connection stays as it was. Default: a process warning, once.
   */
  readonly onError?: ((error: Error, target: ConnectionTarget | Server) => void) | undefined;
}

/** What {@link ProcessKeepalive.snapshot} returns: counts since the call of `applyKeepaliveToProcess`. */
export interface ProcessKeepaliveSnapshot {
  /** Listening sockets that were given a profile. */
  readonly servers: number;
  /** Outgoing connections that were given a profile. */
  readonly connections: number;
  /** How often a function failed or the kernel refused a profile. */
  readonly refused: number;
}

/** What {@link applyKeepaliveToProcess} returns. */
export interface ProcessKeepalive {
  /** What was done so far, for metrics. */
  snapshot(): ProcessKeepaliveSnapshot;
  /** Puts listening sockets back as they were. Open connections keep what they have; later ones are left alone. */
  stop(): void;
  [Symbol.dispose](): void;
}

/**
 * Gives every TCP server that listens and every outgoing TCP connection of this thread a profile, from now on: those of
 * `node:net`, `tls`, `http`, `https` and `http2`, of `fetch` and undici, of database drivers, and each reconnect.
 *
 * Servers that listen already are included, except those that are `unref()`ed. Connections that are open already are
 * not; see `applyKeepaliveToAll`. Unix-domain sockets and connections of native code are left alone. Called again, it
 * replaces the rules and re-tunes the listening sockets.
 *
 * The profile is in the kernel before the 'connect' or 'connection' listeners run. On these connections `setKeepAlive`
 * of a driver, of `http.Agent` or of undici is ignored; return undefined to leave a connection to its driver.
 * `applyKeepalive`, `disableKeepalive` and `applyKeepaliveToServer` still have the last word. No listener and no
 * property is added to any object.
 *
 * Each worker thread has its own rules: call it there, or use `tcp-keepalive/register`. In the primary of a round-robin
 * cluster, a call before the workers listen covers the connections of all workers.
 *
 * Cost: the system calls of `applyKeepalive` for an outgoing connection; none on Linux for an accepted one, which
 * inherits.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_PROFILE`, `ERR_KEEPALIVE_ADDON`, and `ERR_KEEPALIVE_UNSUPPORTED` in Bun
 * and Deno.
 *
 * @example
 * ```ts
 * const options: ProcessKeepaliveOptions = {
 *   servers: profiles.presence,
 *   connections: ({ host }: ConnectionTarget) => (host === 'localhost' ? undefined : profiles.dataCenter),
 *   onError: (error, target) => console.error(error, target),
 * };
 * const tuned: ProcessKeepalive = applyKeepaliveToProcess(options);
 * const { connections, refused }: ProcessKeepaliveSnapshot = tuned.snapshot();
 * tuned.stop();
 * ```
 */
export function applyKeepaliveToProcess(options: ProcessKeepaliveOptions): ProcessKeepalive {
  assertObject('options', options);
  assertKnownFields('options', options, ['servers', 'connections', 'onError']);
  const { servers, connections, onError } = options;
  if (onError !== undefined && typeof onError !== 'function') {
    throw invalidArgumentType('options.onError', 'a function', onError);
  }
  const rules = {
    servers: ruleOf('options.servers', servers),
    connections: ruleOf('options.connections', connections),
  };
  assertAllReachable();
  assertAddon();
  const registry = sharedRegistry();
  const known = [...(registry.current?.listeners() ?? [])];
  registry.current?.stop();
  const tuned = new TunedProcess(registry, rules, onError);
  registry.current = tuned;
  try {
    tuned.start(known);
  } catch (error) {
    tuned.stop(); // an onError that throws
    throw error;
  }
  return tuned;
}

function ruleOf<Target>(
  name: string,
  value: KeepaliveProfile | ((target: Target) => KeepaliveProfile | undefined) | undefined,
): Rule<Target> | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'function') {
    return (target) => {
      const profile = value(target);
      return profile === undefined ? undefined : checked(profile);
    };
  }
  if (typeof value !== 'object') throw invalidArgumentType(name, 'a KeepaliveProfile object or a function', value);
  const profile = checked(value);
  return () => profile;
}
