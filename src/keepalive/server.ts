import type { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { checked, type CheckedProfile, type KeepaliveProfile } from '../profile/profile.js';
import {
  CLOSED,
  assertServer,
  borrowed,
  hasEnded,
  isSocket,
  missing,
  notTcp,
  realSocket,
  socketDescriptor,
} from '../socket/descriptor.js';
import { setProfile } from '../socket/kernel.js';
import { assertObject } from '../util/arguments.js';
import { invalidArgumentType } from '../util/errors.js';
import { Listener } from './listener.js';

/** Options of {@link applyKeepaliveToServer}. */
export interface ServerKeepaliveOptions {
  /**
   * Called when the profile could not be applied: with the accepted socket, which is left open as it was, or without one
   * when it was the listener. Default: a process warning, once per server.
   */
  readonly onError?: ((error: Error, socket?: Socket) => void) | undefined;
}

/** What {@link applyKeepaliveToServer} returns. */
export interface ServerKeepalive {
  /**
   * 'listener': the profile is on the listening socket and accepted connections inherit it. 'connection': every accepted
   * connection is looked at, because the OS does not inherit all of it, Node overwrites it (`keepAlive` with a delay),
   * the listener is in another process (round-robin cluster), or the server does not listen yet.
   */
  readonly mode: 'listener' | 'connection';
  /**
   * Another profile for later connections; those that are open keep theirs. Nothing after `stop()`. Throws as
   * `applyKeepalive` does.
   */
  update(profile: KeepaliveProfile): void;
  /**
   * Puts the listening socket back as it was. Connections keep what they have. Throws the kernel's own code if it refuses;
   * then nothing has changed, and it can be called again.
   */
  stop(): void;
  [Symbol.dispose](): void;
}

const tunedServers = new WeakMap<Server, TunedServer>();

/**
 * Gives every connection that a server accepts from now on the profile, before the 'connection' listeners run: a `net`,
 * `tls`, `http`, `https` or `http2` server, listening or not, also when it closes and listens again.
 *
 * Linux: the options are put on the listening socket and connections inherit them, without a system call each. Those
 * that were waiting to be accepted are caught. Elsewhere, and wherever inheriting does not do, each connection is
 * applied to as by `applyKeepalive`. Called again for the same server, it updates the profile and `onError`.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_PROFILE`, `ERR_KEEPALIVE_NOT_TCP` for a server that listens on a
 * Unix-domain socket or pipe, `ERR_KEEPALIVE_UNSUPPORTED`, or the kernel's own code. What fails later goes to `onError`.
 *
 * @example
 * ```ts
 * const options: ServerKeepaliveOptions = { onError: (error, socket) => console.error(error, socket?.remoteAddress) };
 * const tuned: ServerKeepalive = applyKeepaliveToServer(server, profiles.presence, options);
 * tuned.update(profiles.mobileNat); // connections from now on
 * ```
 */
export function applyKeepaliveToServer(
  server: Server,
  profile: KeepaliveProfile,
  options: ServerKeepaliveOptions = {},
): ServerKeepalive {
  assertServer(server);
  assertObject('options', options);
  const { onError } = options;
  if (onError !== undefined && typeof onError !== 'function') {
    throw invalidArgumentType('options.onError', 'a function', onError);
  }
  const wanted = checked(profile);
  const known = tunedServers.get(server);
  const tuned = known ?? new TunedServer(server, wanted);
  if (known === undefined) tuned.start();
  else tuned.update(profile);
  tuned.onError = onError;
  tunedServers.set(server, tuned);
  return tuned;
}

// Two copies of this package on one server must not overtake each other for ever.
const staysFirst: unique symbol = Symbol.for('tcp-keepalive.stays-first') as never;
type ConnectionListener = ((socket: Socket) => void) & { [staysFirst]?: true };

class TunedServer implements ServerKeepalive {
  onError: ServerKeepaliveOptions['onError'];
  readonly #server: Server;
  #wanted: CheckedProfile;
  readonly #listener: Listener;
  /** Accepted connections that may be older than the profile on the listener. */
  #older = 0;
  #overtaking = false;
  #warned = false;

  constructor(server: Server, profile: CheckedProfile) {
    this.#server = server;
    this.#listener = new Listener(server);
    this.#wanted = profile;
    this.#onConnection[staysFirst] = true;
  }

  get mode(): ServerKeepalive['mode'] {
    return this.#listener.isTuned && !overwritesOnAccept(this.#server) ? 'listener' : 'connection';
  }

  start(): void {
    this.#listener.tune(this.#wanted);
    this.#follow();
    this.#look();
  }

  update(profile: KeepaliveProfile): void {
    const wanted = checked(profile);
    if (tunedServers.get(this.#server) !== this) return;
    if (this.#listener.isTuned) this.#listener.tune(wanted);
    this.#wanted = wanted;
    this.#follow();
    this.#look();
  }

  stop(): void {
    if (tunedServers.get(this.#server) !== this) return;
    this.#listener.restore();
    tunedServers.delete(this.#server);
    this.#stopLooking();
    for (const [event, handler] of this.#followed) this.#server.removeListener(event, handler);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** Also after somebody's removeAllListeners(). */
  #follow(): void {
    for (const [event, handler] of this.#followed) putFirst(this.#server, event, handler);
  }

  /** Looks at accepted connections until one is seen to have inherited, after those that were waiting already. */
  #look(): void {
    this.#older = this.#listener.queueLength;
    putFirst(this.#server, 'connection', this.#onConnection);
  }

  get #isLooking(): boolean {
    return this.#server.listenerCount('connection', this.#onConnection) > 0;
  }

  #stopLooking(): void {
    this.#server.removeListener('connection', this.#onConnection);
  }

  readonly #onListening = (): void => {
    try {
      this.#listener.tune(this.#wanted);
      this.#look();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_KEEPALIVE_NOT_TCP') this.#stopLooking();
      else this.#look();
      this.#report(error as Error);
    }
  };

  /** The next listening socket has nothing yet. */
  readonly #onClose = (): void => {
    this.#look();
  };

  readonly #onConnection: ConnectionListener = (given: Socket): void => {
    try {
      if (hasEnded(given)) return;
      if (!isSocket(given)) throw notTcp();
      const socket = realSocket(given);
      const descriptor = socketDescriptor(socket);
      if (descriptor === CLOSED) return;
      if (descriptor < 0) throw missing(descriptor);
      const profile = this.#listener.inherited(this.#wanted);
      const inherited = !borrowed(descriptor, () => setProfile(descriptor, profile));
      if (!isAcceptedBy(this.#server, socket)) return;
      this.#older -= 1;
      // The accept queue is first-in first-out: all later ones have inherited too. Unless another worker of a cluster
      // changes the listening socket that they share.
      if (inherited && this.#older < 0 && this.#listener.isTuned && !isClusterWorker()) this.#stopLooking();
    } catch (error) {
      this.#report(error as Error, given);
    }
  };

  /** Stays ahead of listeners that are prepended later; once a turn, as somebody else may want to be first too. */
  readonly #onNewListener = (event: string | symbol, added: ConnectionListener): void => {
    if (event !== 'connection' || added[staysFirst] === true || !this.#isLooking || this.#overtaking) return;
    this.#overtaking = true;
    queueMicrotask(() => {
      if (this.#isLooking) putFirst(this.#server, 'connection', this.#onConnection);
    });
    setImmediate(() => (this.#overtaking = false)).unref();
  };

  readonly #followed = [
    ['listening', this.#onListening],
    ['close', this.#onClose],
    ['newListener', this.#onNewListener],
  ] as const;

  #report(error: Error, socket?: Socket): void {
    if (this.onError !== undefined) {
      this.onError(error, socket);
    } else if (!this.#warned) {
      this.#warned = true;
      const { code = 'ERR_KEEPALIVE' } = error as NodeJS.ErrnoException;
      process.emitWarning(`A server's keepalive profile could not be applied: ${error.message}`, {
        type: 'KeepaliveWarning',
        code,
      });
    }
  }
}

function putFirst(server: Server, event: string, handler: Parameters<EventEmitter['prependListener']>[1]): void {
  server.removeListener(event, handler);
  server.prependListener(event, handler);
}

/** Not so for one that somebody hands over with `server.emit('connection', socket)`. */
function isAcceptedBy(server: Server, socket: Socket): boolean {
  return (socket as unknown as { server?: unknown }).server === server;
}

function isClusterWorker(): boolean {
  if (process.send === undefined) return false;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('node:cluster') as { isWorker: boolean }).isWorker;
}

/** `createServer({ keepAlive: true, keepAliveInitialDelay })`: Node sets its own timing on each accepted socket. */
function overwritesOnAccept(server: Server): boolean {
  const { keepAlive, keepAliveInitialDelay } = server as { keepAlive?: boolean; keepAliveInitialDelay?: number };
  return keepAlive === true && (keepAliveInitialDelay ?? 0) > 0;
}
