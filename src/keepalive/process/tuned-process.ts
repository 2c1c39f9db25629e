import { Socket, type Server } from 'node:net';
import { debuglog } from 'node:util';
import {
  TunedListener,
  listenerOf,
  listeningServers,
  onListening,
  stillListens,
  type ListeningServer,
} from './listening.js';
import { beforeFirstConnect, onConnected, tcpPrototype, type ConnectionTarget, type TcpHandle } from './outgoing.js';
import type { ProcessKeepalive, ProcessKeepaliveOptions, ProcessKeepaliveSnapshot } from './process.js';
import { setPatiently } from '../patience.js';
import { tunedBy } from '../server.js';
import type { CheckedProfile } from '../../profile/profile.js';
import { borrowed, handleDescriptor } from '../../socket/descriptor.js';
import type { Handle } from '../../socket/runtime.js';
import { display } from '../../util/errors.js';
import { override } from '../../util/override.js';
import { warnOnce } from '../../util/warn-once.js';

export type Rule<Target> = (target: Target) => CheckedProfile | undefined;

export interface Rules {
  readonly servers: Rule<Server> | undefined;
  readonly connections: Rule<ConnectionTarget> | undefined;
}

/** State that all copies of this package in one thread share, so that the last call replaces the one before it. */
export interface Registry {
  /** Handles that hold a profile by a rule: `setKeepAlive` is ignored on them. */
  readonly held: WeakSet<Handle>;
  /** The prototype of all TCP handles, once a handle was made. */
  prototype: TcpHandle | undefined;
  current: { stop(): void; listeners(): Iterable<ListeningServer> } | undefined;
}

const registryKey = Symbol.for('tcp-keepalive.process');

export function sharedRegistry(): Registry {
  const shared = Socket as typeof Socket & { [registryKey]?: Registry };
  const registry = shared[registryKey] ?? { held: new WeakSet(), prototype: undefined, current: undefined };
  Object.defineProperty(shared, registryKey, { value: registry });
  return registry;
}

const debug = debuglog('tcp-keepalive');

export class TunedProcess implements ProcessKeepalive {
  readonly #registry: Registry;
  readonly #rules: Rules;
  readonly #onError: ProcessKeepaliveOptions['onError'];
  readonly #restores: (() => void)[] = [];
  #handlesAreHooked = false;
  /** Each is kept alive by its listening handle. */
  #listeners: WeakRef<TunedListener>[] = [];
  readonly #warn = warnOnce();
  readonly #counts = { servers: 0, connections: 0, refused: 0 };

  constructor(registry: Registry, rules: Rules, onError: ProcessKeepaliveOptions['onError']) {
    this.#registry = registry;
    this.#rules = rules;
    this.#onError = onError;
    // To find the prototype takes a handle, and making the first handle takes a tenth of the time of an import.
    if (registry.prototype !== undefined) this.#hookHandles();
    else
      this.#restores.push(
        beforeFirstConnect(() => {
          this.#hookHandles();
        }),
      );
    if (rules.servers !== undefined) {
      this.#restores.push(
        onListening((server) => {
          this.#listens(listenerOf(server));
        }),
      );
    }
  }

  #hookHandles(): void {
    if (this.#handlesAreHooked) return;
    this.#handlesAreHooked = true;
    const { held } = this.#registry;
    const prototype = (this.#registry.prototype ??= tcpPrototype());
    this.#restores.push(
      override(prototype, 'setKeepAlive', (original) => {
        return function (this: TcpHandle, ...args) {
          return held.has(this) ? 0 : original.apply(this, args);
        };
      }),
    );
    if (this.#rules.connections === undefined) return;
    this.#restores.push(
      onConnected(prototype, (handle, target) => {
        this.#connected(handle, target);
      }),
    );
  }

  /** Tunes the servers that listen already. */
  start(known: readonly ListeningServer[]): void {
    if (this.#rules.servers === undefined) return;
    const found = listeningServers().map(listenerOf);
    const handles = new Map([...known, ...found].map((listener) => [listener?.handle, listener]));
    for (const listener of handles.values()) {
      if (listener !== undefined && tunedBy(listener.server) === undefined) this.#listens(listener);
    }
  }

  snapshot(): ProcessKeepaliveSnapshot {
    return { ...this.#counts };
  }

  *listeners(): Iterable<TunedListener> {
    for (const reference of this.#listeners) {
      const listener = reference.deref();
      if (listener !== undefined && stillListens(listener)) yield listener;
    }
  }

  stop(): void {
    if (this.#registry.current !== this) return;
    this.#registry.current = undefined;
    for (const restore of this.#restores) restore();
    // Two servers can listen with one handle.
    for (const listener of [...this.listeners()].reverse()) {
      this.#attempt(listener.server, () => {
        listener.stop();
      });
    }
    this.#listeners = [];
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #connected(handle: TcpHandle, target: ConnectionTarget): void {
    this.#attempt(target, () => {
      const profile = this.#rules.connections?.(target);
      if (debug.enabled) debug('connection to %s: %s', shownTarget(target), shown(profile));
      if (profile === undefined) return;
      borrowed(handleDescriptor(handle), (descriptor) => setPatiently(handle, descriptor, profile));
      this.#registry.held.add(handle);
      this.#counts.connections += 1;
    });
  }

  #listens(listener: ListeningServer | undefined): void {
    if (listener === undefined) return;
    const { server } = listener;
    const { held } = this.#registry;
    this.#attempt(server, () => {
      const profile = this.#rules.servers?.(server);
      if (debug.enabled) debug('server on %j: %s', server.address(), shown(profile));
      if (profile === undefined) return;
      this.#hookHandles();
      const tuned = new TunedListener(listener, profile, {
        accepted: (client) => void held.add(client),
        failed: (error) => {
          this.#report(error, server);
        },
      });
      this.#listeners = [...this.listeners(), tuned].map((each) => new WeakRef(each));
      this.#counts.servers += 1;
    });
  }

  #attempt(target: ConnectionTarget | Server, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#report(asError(error), target);
    }
  }

  #report(error: Error, target: ConnectionTarget | Server): void {
    this.#counts.refused += 1;
    if (this.#onError !== undefined) this.#onError(error, target);
    else this.#warn(() => `A keepalive profile could not be applied: ${error.message}`, error);
  }
}

/** A rule can throw anything. */
function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`A rule threw ${display(thrown)}`, { cause: thrown });
}

function shownTarget({ host, port, address }: ConnectionTarget): string {
  return host === address ? `${host}:${port}` : `${host}:${port} (${address})`;
}

function shown(profile: CheckedProfile | undefined): string {
  if (profile === undefined) return 'left alone';
  const { initialDelay, interval, count, userTimeout } = profile;
  const timeout = typeof userTimeout === 'number' ? `${userTimeout / 1000} s` : (userTimeout ?? 'unchanged');
  return `${initialDelay / 1000} s / ${interval / 1000} s / ${count}, user timeout ${timeout}`;
}
