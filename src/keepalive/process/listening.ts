// Every server of a thread that listens goes through `net.Server.prototype._listen2`: net, tls, http2, round-robin cluster
// primaries and workers.
import { Server } from 'node:net';
import { borrowed, handleDescriptor } from '../../socket/descriptor.js';
import {
  acceptQueueLength,
  getSettings,
  putSettings,
  setProfile,
  type KeepaliveSettings,
} from '../../socket/kernel.js';
import type { Handle } from '../../socket/runtime.js';
import type { CheckedProfile } from '../../profile/profile.js';
import { platform } from '../../profile/platform.js';
import { setPatiently } from '../patience.js';
import { tunedBy } from '../server.js';
import { override } from '../../util/override.js';

type OnConnection = (this: unknown, status: number, client?: Handle) => void;

/** A handle that listens. In a round-robin cluster worker it is a plain object: the listener is in the primary. */
export interface ListeningHandle extends Handle {
  onconnection?: OnConnection;
}

/** A server and the handle that it listens with. In a round-robin primary, the server soon loses its handle. */
export interface ListeningServer {
  readonly server: Server;
  readonly handle: ListeningHandle;
}

/**
 * Calls `listens` for each server that has begun to listen, before 'listening'. Returns the function that stops this.
 */
export function onListening(listens: (server: Server) => void): () => void {
  const prototype = Server.prototype as unknown as { _listen2(...args: unknown[]): void };
  return override(prototype, '_listen2', (original) => {
    return function (this: Server, ...args) {
      original.apply(this, args);
      listens(this);
    };
  });
}

/** The servers of this thread that listen already, without those that are `unref()`ed: Node does not list them. */
export function listeningServers(): Server[] {
  /* v8 ignore next -- every Node has it */
  const handles = (process as unknown as { _getActiveHandles?(): unknown[] })._getActiveHandles?.() ?? [];
  return handles.filter((handle) => handle instanceof Server);
}

/** undefined: the server does not listen, or listens on a Unix-domain socket. */
export function listenerOf(server: Server): ListeningServer | undefined {
  const { _handle: handle } = server as unknown as { readonly _handle?: ListeningHandle | null };
  const address = server.address();
  return handle && typeof address === 'object' && address !== null ? { server, handle } : undefined;
}

/** Whether the listening handle is still open. */
export function stillListens({ handle }: ListeningServer): boolean {
  return handle.fd === undefined || handle.fd >= 0 || process.platform === 'win32';
}

/** Callbacks of a {@link TunedListener}. */
export interface ListenerEvents {
  accepted(client: Handle): void;
  failed(error: Error): void;
}

/** A listening socket that holds a profile. Its connections inherit the profile where the OS does that. */
export class TunedListener implements ListeningServer {
  readonly server: Server;
  readonly handle: ListeningHandle;
  readonly #profile: CheckedProfile;
  readonly #events: ListenerEvents;
  readonly #stopWatching: () => void;
  /** What the socket held before the profile, and with it. undefined: the profile is set on each connection. */
  #held: { readonly before: KeepaliveSettings; readonly after: KeepaliveSettings } | undefined;
  /** How many connections may not have inherited: those that were in the accept queue already, or all. */
  #toLookAt = Infinity;

  constructor({ server, handle }: ListeningServer, profile: CheckedProfile, events: ListenerEvents) {
    this.server = server;
    this.handle = handle;
    this.#profile = profile;
    this.#events = events;
    this.#tune();
    this.#stopWatching = onAccepted(handle, (client) => {
      this.#accepted(client);
    });
  }

  /** Restores what the socket held, unless other code has changed it since, or the server has a profile of its own. */
  stop(): void {
    this.#stopWatching();
    const descriptor = handleDescriptor(this.handle);
    const held = this.#held;
    if (descriptor < 0 || held === undefined) return;
    if (tunedBy(this.server)?.rebase(held.before) === true) return;
    borrowed(descriptor, () => {
      if (sameSettings(held.after, getSettings(descriptor))) putSettings(descriptor, held.before);
    });
  }

  #tune(): void {
    const descriptor = handleDescriptor(this.handle);
    if (descriptor < 0) return;
    borrowed(descriptor, () => {
      /* v8 ignore next -- macOS and Windows */
      if (!platform.listenerInheritance) return;
      const before = getSettings(descriptor);
      setProfile(descriptor, this.#profile);
      this.#held = { before, after: getSettings(descriptor) };
      this.#toLookAt = acceptQueueLength(descriptor);
    });
  }

  #accepted(client: Handle): void {
    try {
      if (this.#toLookAt > 0) this.#look(client);
      this.#events.accepted(client);
    } catch (error) {
      this.#events.failed(error as Error);
    }
  }

  #look(client: Handle): void {
    this.#toLookAt -= 1;
    const changed = borrowed(handleDescriptor(client), (descriptor) => setPatiently(client, descriptor, this.#profile));
    // The listener, in another process, holds the profile: later connections inherit it too.
    if (!changed && this.#held === undefined && platform.listenerInheritance) this.#toLookAt = 0;
  }
}

function sameSettings(one: KeepaliveSettings, other: KeepaliveSettings): boolean {
  return (Object.keys(one) as (keyof KeepaliveSettings)[]).every((field) => one[field] === other[field]);
}

/**
 * Calls `accepted` also after a round-robin primary has set its own `onconnection` after 'listening'. Returns the
 * function that stops this.
 */
function onAccepted(handle: ListeningHandle, accepted: (client: Handle) => void): () => void {
  let original = handle.onconnection;
  const onconnection: OnConnection = function (status, client, ...rest: unknown[]) {
    try {
      if (client !== undefined) accepted(client);
    } finally {
      if (original !== undefined) Reflect.apply(original, this, [status, client, ...rest]);
    }
  };
  const both = { configurable: true, enumerable: true };
  Object.defineProperty(handle, 'onconnection', {
    ...both,
    get: () => onconnection,
    set: (value: OnConnection) => (original = value),
  });
  return () => {
    Object.defineProperty(handle, 'onconnection', { ...both, writable: true, value: original });
  };
}
