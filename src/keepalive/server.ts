import type { EventEmitter } from 'node:events';
import { Socket, type Server } from 'node:net';
import {
  CLOSED,
  NOT_CONNECTED,
  assertServer,
  borrowed,
  listeningIdentity,
  missing,
  notTcp,
  serverDescriptor,
  socketDescriptor,
} from '../socket/descriptor.js';
import { assertObject } from '../util/arguments.js';
import { invalidArgumentType } from '../util/errors.js';
import { acceptQueueLength, getSettings, putSettings, setProfile, type KeepaliveSettings } from '../socket/kernel.js';
import { platform } from '../profile/platform.js';
import { checked, type CheckedProfile, type KeepaliveProfile } from '../profile/profile.js';

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

/** Whether {@link applyKeepaliveToServer} was called for it, and not stopped since. */
export function hasOwnProfile(server: Server): boolean {
  return tunedServers.has(server);
}

/** A listening socket that holds the profile, and what it held before. */
interface Listener {
  readonly identity: object | null;
  readonly before: KeepaliveSettings;
}

// Two copies of this package on one server must not overtake each other for ever.
const staysFirst: unique symbol = Symbol.for('tcp-keepalive.stays-first') as never;
type ConnectionListener = ((socket: Socket) => void) & { [staysFirst]?: true };

class TunedServer implements ServerKeepalive {
  onError: ServerKeepaliveOptions['onError'];
  readonly #server: Server;
  #wanted: CheckedProfile;
  #listener: Listener | undefined;
  /** Accepted connections that may be older than the profile on the listener. */
  #older = 0;
  #overtaking = false;
  #warned = false;

  constructor(server: Server, profile: CheckedProfile) {
    this.#server = server;
    this.#wanted = profile;
    this.#onConnection[staysFirst] = true;
  }

  get mode(): ServerKeepalive['mode'] {
    const inherits = this.#currentListener() !== undefined && !overwritesOnAccept(this.#server);
    return inherits ? 'listener' : 'connection';
  }

  start(): void {
    this.#tuneListener();
    this.#follow();
    this.#look();
  }

  update(profile: KeepaliveProfile): void {
    const wanted = checked(profile);
    if (tunedServers.get(this.#server) !== this) return;
    const listener = this.#currentListener();
    if (listener !== undefined) {
      borrowed(serverDescriptor(this.#server), (lent) => setProfile(lent, overSettings(wanted, listener.before)));
    }
    this.#wanted = wanted;
    this.#follow();
    this.#look();
  }

  stop(): void {
    if (tunedServers.get(this.#server) !== this) return;
    const listener = this.#currentListener();
    if (listener !== undefined) {
      borrowed(serverDescriptor(this.#server), (lent) => {
        putSettings(lent, listener.before);
      });
    }
    tunedServers.delete(this.#server);
    this.#listener = undefined;
    this.#stopLooking();
    for (const [event, handler] of this.#followed) this.#server.removeListener(event, handler);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #currentListener(): Listener | undefined {
    return this.#listener?.identity === listeningIdentity(this.#server) ? this.#listener : undefined;
  }

  #tuneListener(): void {
    const descriptor = serverDescriptor(this.#server);
    if (descriptor !== NOT_CONNECTED && typeof this.#server.address() === 'string') throw notTcp();
    // The server of a round-robin cluster worker has no descriptor.
    if (descriptor < 0) return;
    borrowed(descriptor, () => {
      if (!platform.listenerInheritance) return;
      const before = this.#currentListener()?.before ?? getSettings(descriptor);
      setProfile(descriptor, overSettings(this.#wanted, before));
      this.#listener = { identity: listeningIdentity(this.#server), before };
    });
  }

  /** Also after somebody's removeAllListeners(). */
  #follow(): void {
    for (const [event, handler] of this.#followed) putFirst(this.#server, event, handler);
  }

  /** Looks at accepted connections until one is seen to have inherited, after those that were waiting already. */
  #look(): void {
    const listens = this.#currentListener() !== undefined;
    this.#older = listens ? borrowed(serverDescriptor(this.#server), acceptQueueLength) : 0;
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
      this.#tuneListener();
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

  readonly #onConnection: ConnectionListener = (socket: Socket): void => {
    try {
      if (!(socket instanceof Socket)) throw notTcp();
      const descriptor = socketDescriptor(socket);
      if (descriptor === CLOSED) return;
      if (descriptor < 0) throw missing(descriptor);
      const listener = this.#currentListener();
      const profile = listener === undefined ? this.#wanted : overSettings(this.#wanted, listener.before);
      const inherited = !borrowed(descriptor, () => setProfile(descriptor, profile));
      if (!isAcceptedBy(this.#server, socket)) return;
      this.#older -= 1;
      // The accept queue is first-in first-out: all later ones have inherited too. Unless another worker of a cluster
      // changes the listening socket that they share.
      if (inherited && this.#older < 0 && listener !== undefined && !isClusterWorker()) this.#stopLooking();
    } catch (error) {
      this.#report(error as Error, socket);
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

/** A profile without a user timeout leaves the one alone that was there before any profile. */
function overSettings(profile: CheckedProfile, before: KeepaliveSettings): CheckedProfile {
  if (profile.userTimeout !== undefined || before.userTimeout === null) return profile;
  return { ...profile, userTimeout: before.userTimeout };
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
