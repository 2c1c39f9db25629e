import { Server, type Socket } from 'node:net';
import {
  CLOSED,
  NOT_CONNECTED,
  listeningIdentity,
  missing,
  notTcp,
  serverDescriptor,
  socketDescriptor,
} from './descriptor.js';
import { invalidArgumentType } from './errors.js';
import { acceptQueueLength, getSettings, putSettings, setProfile, type KeepaliveSettings } from './kernel.js';
import { platform } from './platform.js';
import { checked, type CheckedProfile, type KeepaliveProfile } from './profile.js';

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
  /** Another profile for later connections; those that are open keep theirs. Throws as `applyKeepalive` does. */
  update(profile: KeepaliveProfile): void;
  /** Puts the listening socket back as it was. Connections keep what they have. */
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
 */
export function applyKeepaliveToServer(
  server: Server,
  profile: KeepaliveProfile,
  options: ServerKeepaliveOptions = {},
): ServerKeepalive {
  if (!(server instanceof Server)) throw invalidArgumentType('server', 'a net.Server', server);
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidArgumentType('options', 'an object', options);
  }
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

/** A listening socket that holds the profile, and what it held before. */
interface Listener {
  readonly identity: object | null;
  readonly before: KeepaliveSettings;
}

class TunedServer implements ServerKeepalive {
  onError: ServerKeepaliveOptions['onError'];
  readonly #server: Server;
  #profile: CheckedProfile;
  #listener: Listener | undefined;
  /** Accepted connections that may be older than the profile on the listener. */
  #older = 0;
  #looking = false;
  #warned = false;

  constructor(server: Server, profile: CheckedProfile) {
    this.#server = server;
    this.#profile = profile;
  }

  get mode(): ServerKeepalive['mode'] {
    const inherits = this.#currentListener() !== undefined && !overwritesOnAccept(this.#server);
    return inherits ? 'listener' : 'connection';
  }

  start(): void {
    this.#tuneListener();
    this.#server.prependListener('listening', this.#onListening);
    this.#server.on('newListener', this.#onNewListener);
  }

  update(profile: KeepaliveProfile): void {
    const wanted = checked(profile);
    if (this.#currentListener() !== undefined) setProfile(serverDescriptor(this.#server), wanted);
    this.#profile = wanted;
    if (tunedServers.get(this.#server) === this) this.#look();
  }

  stop(): void {
    const listener = this.#currentListener();
    this.#listener = undefined;
    this.#stopLooking();
    this.#server.removeListener('listening', this.#onListening);
    this.#server.removeListener('newListener', this.#onNewListener);
    tunedServers.delete(this.#server);
    if (listener !== undefined) putSettings(serverDescriptor(this.#server), listener.before);
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
    if (descriptor >= 0 && platform.listenerInheritance) {
      const before = getSettings(descriptor);
      setProfile(descriptor, this.#profile);
      this.#listener = { identity: listeningIdentity(this.#server), before };
    }
    this.#look();
  }

  /** Looks at accepted connections until one is seen to have inherited, after those that were waiting already. */
  #look(): void {
    this.#older = this.#currentListener() === undefined ? 0 : acceptQueueLength(serverDescriptor(this.#server));
    if (this.#looking) return;
    this.#looking = true;
    this.#server.prependListener('connection', this.#onConnection);
  }

  #stopLooking(): void {
    this.#looking = false;
    this.#server.removeListener('connection', this.#onConnection);
  }

  readonly #onListening = (): void => {
    try {
      this.#tuneListener();
    } catch (error) {
      this.#report(error as Error);
    }
  };

  readonly #onConnection = (socket: Socket): void => {
    try {
      const descriptor = socketDescriptor(socket);
      if (descriptor === CLOSED) return;
      if (descriptor < 0) throw missing(descriptor);
      const inherited = !setProfile(descriptor, this.#profile);
      this.#older -= 1;
      // The accept queue is first-in first-out: all later ones have inherited too.
      if (inherited && this.#older < 0 && this.#currentListener() !== undefined) this.#stopLooking();
    } catch (error) {
      this.#report(error as Error, socket);
    }
  };

  /** Stays ahead of listeners that are prepended later. */
  readonly #onNewListener = (event: string | symbol, listener: unknown): void => {
    if (event !== 'connection' || listener === this.#onConnection || !this.#looking) return;
    queueMicrotask(() => {
      if (!this.#looking) return;
      this.#server.removeListener('connection', this.#onConnection);
      this.#server.prependListener('connection', this.#onConnection);
    });
  };

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

/** `createServer({ keepAlive: true, keepAliveInitialDelay })`: Node sets its own timing on each accepted socket. */
function overwritesOnAccept(server: Server): boolean {
  const { keepAlive, keepAliveInitialDelay } = server as { keepAlive?: boolean; keepAliveInitialDelay?: number };
  return keepAlive === true && (keepAliveInitialDelay ?? 0) > 0;
}
