import type { Server, Socket } from 'node:net';
import { checked, type CheckedProfile, type KeepaliveProfile } from '../profile/profile.js';
import type { InspectOptions, inspect as Inspect } from 'node:util';
import {
  CLOSED,
  assertServer,
  borrowed,
  hasEnded,
  isSocket,
  notTcp,
  realSocket,
  socketDescriptor,
  socketHandle,
} from '../socket/descriptor.js';
import { assertAddon } from '../addon/binding.js';
import type { KeepaliveSettings } from '../socket/kernel.js';
import { assertObject } from '../util/arguments.js';
import { invalidArgumentType } from '../util/errors.js';
import { warnOnce } from '../util/warn-once.js';
import { FirstListener, putFirst } from './first-listener.js';
import { Listener } from './listener.js';
import { setPatiently } from './patience.js';

/** Options of {@link applyKeepaliveToServer}. */
export interface ServerKeepaliveOptions {
  /**
   * Called when the profile could not be applied: with the accepted socket, which stays open as it was, or without a
   * socket when it was the listener. Default: a process warning, once per server.
   */
  readonly onError?: ((error: Error, socket?: Socket) => void) | undefined;
}

/** What {@link applyKeepaliveToServer} returns. */
export interface ServerKeepalive {
  /**
   * 'listener': the profile is on the listening socket and accepted connections inherit it. 'connection': each accepted
   * connection is given the profile, because the OS does not inherit all of it, Node overwrites it (`keepAlive` with a
   * `keepAliveInitialDelay`), the listener is in another process (round-robin cluster), or the server does not listen
   * yet.
   */
  readonly mode: 'listener' | 'connection';
  /**
   * Changes the profile of later connections. Open ones keep theirs: a server keeps no list of them, so give yours, or
   * a {@link LivenessMonitor}, to {@link applyKeepaliveToAll}. Does nothing after `stop()`. Throws like
   * `applyKeepalive`.
   */
  update(profile: KeepaliveProfile): void;
  /**
   * Puts the listening socket back as it was. Connections keep what they have. If the kernel refuses, it throws the
   * kernel's own code, nothing has changed, and it can be called again.
   */
  stop(): void;
  [Symbol.dispose](): void;
}

// A property instead of a WeakMap, so that two copies of this package find the same.
const ownProfile: unique symbol = Symbol.for('tcp-keepalive.server') as never;
type ProfiledServer = Server & { [ownProfile]?: TunedServer | undefined };

/**
 * Gives every connection that a server accepts the profile, before the 'connection' listeners run. It takes a `net`,
 * `tls`, `http`, `https` or `http2` server, before or after `listen()`, also when it closes and listens again.
 *
 * On Linux the options are set on the listening socket and connections inherit them, without a system call each;
 * connections that already wait to be accepted are included. Where that is not possible (see `mode`), each connection
 * is given the profile as by `applyKeepalive`. Called again for the same server, it updates the profile and `onError`.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_PROFILE`, `ERR_KEEPALIVE_NOT_TCP` for a server that listens on a
 * Unix-domain socket or pipe, `ERR_KEEPALIVE_UNSUPPORTED`, `ERR_KEEPALIVE_ADDON`, or the kernel's own code. Later
 * failures go to `onError`.
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
  assertAddon();
  const known = tunedBy(server);
  const tuned = known ?? new TunedServer(server, wanted);
  if (known === undefined) tuned.start();
  else tuned.update(profile);
  tuned.onError = onError;
  Object.defineProperty(server, ownProfile, { value: tuned, writable: true, configurable: true });
  return tuned;
}

/** What {@link applyKeepaliveToServer} returned for the server, unless it was stopped since. */
export function tunedBy(server: ProfiledServer): TunedServer | undefined {
  return server[ownProfile];
}

export class TunedServer implements ServerKeepalive {
  onError: ServerKeepaliveOptions['onError'];
  readonly #server: ProfiledServer;
  #wanted: CheckedProfile;
  readonly #listener: Listener;
  /** Looks at accepted connections. */
  readonly #looking: FirstListener;
  /** How many accepted connections may be older than the profile on the listener. */
  #older = 0;
  readonly #warn = warnOnce();

  constructor(server: Server, profile: CheckedProfile) {
    this.#server = server;
    this.#listener = new Listener(server);
    this.#wanted = profile;
    this.#looking = new FirstListener(server, this.#onConnection);
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
    if (tunedBy(this.#server) !== this) return;
    if (this.#listener.isTuned) this.#listener.tune(wanted);
    this.#wanted = wanted;
    this.#follow();
    this.#look();
  }

  stop(): void {
    if (tunedBy(this.#server) !== this) return;
    this.#listener.restore();
    this.#server[ownProfile] = undefined;
    this.#looking.remove();
    for (const [event, handler] of this.#followed) this.#server.removeListener(event, handler);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** {@link Listener.rebase} */
  rebase(before: KeepaliveSettings): boolean {
    return this.#listener.rebase(before, this.#wanted);
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: InspectOptions, inspect: typeof Inspect): string {
    const { initialDelay, interval, count, userTimeout } = this.#wanted;
    return `ServerKeepalive ${inspect({ mode: this.mode, profile: { initialDelay, interval, count, userTimeout } }, options)}`;
  }

  /** Adds the listener again after other code has called removeAllListeners(). */
  #follow(): void {
    for (const [event, handler] of this.#followed) putFirst(this.#server, event, handler);
  }

  /** Looks at accepted connections until one that was not in the queue already has inherited the profile. */
  #look(): void {
    this.#older = this.#listener.queueLength;
    this.#looking.add();
  }

  readonly #onListening = (): void => {
    try {
      this.#listener.tune(this.#wanted);
      this.#look();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_KEEPALIVE_NOT_TCP') this.#looking.remove();
      else this.#look();
      this.#report(error as Error);
    }
  };

  /** The next listening socket does not have the profile yet. */
  readonly #onClose = (): void => {
    this.#look();
  };

  readonly #onConnection = (given: Socket): void => {
    try {
      if (hasEnded(given)) return;
      if (!isSocket(given)) throw notTcp();
      const socket = realSocket(given);
      const descriptor = socketDescriptor(socket);
      if (descriptor === CLOSED) return;
      const profile = this.#listener.inherited(this.#wanted);
      const inherited = !borrowed(descriptor, () => setPatiently(socketHandle(socket), descriptor, profile));
      if (!isAcceptedBy(this.#server, socket)) return;
      this.#older -= 1;
      // The accept queue is first-in first-out, so all later connections inherit too, unless another worker of a
      // cluster changes the listening socket that they share.
      if (inherited && this.#older < 0 && this.#listener.isTuned && !isClusterWorker()) this.#looking.remove();
    } catch (error) {
      this.#report(error as Error, given);
    }
  };

  readonly #followed = [
    ['listening', this.#onListening],
    ['close', this.#onClose],
  ] as const;

  #report(error: Error, socket?: Socket): void {
    if (this.onError !== undefined) this.onError(error, socket);
    else this.#warn(() => `A server's keepalive profile could not be applied: ${error.message}`, error);
  }
}

/** False for a socket that other code hands over with `server.emit('connection', socket)`. */
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
