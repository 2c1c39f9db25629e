import { AsyncResource } from 'node:async_hooks';
import type { Agent, ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { applyKeepalive } from './apply.js';
import { assertAddon } from '../addon/binding.js';
import { discardClosedSockets } from './closed-sockets.js';
import { checkedType, optional, readOptions } from '../util/arguments.js';
import { hasEnded, isSocket, realSocket } from '../socket/descriptor.js';
import { invalidArgumentType, type KeepaliveError } from '../util/errors.js';
import { override } from '../util/override.js';
import { checked, type KeepaliveProfile } from '../profile/profile.js';

/** Options of {@link applyKeepaliveToAgent}. */
export interface AgentKeepaliveOptions {
  /**
   * Drops a pooled socket that the server has closed, before a request gets it. Node notices the close only when its
   * event loop comes round; a request that gets the socket before fails with ECONNRESET. Costs one system call for each
   * request that gets a pooled socket. If the server closes the socket while the request is on its way, the request
   * still fails; then HTTP's only remedy is to send it again. Default: false.
   */
  readonly discardClosed?: boolean | undefined;
}

/** What {@link applyKeepaliveToAgent} returns. */
export interface AgentKeepalive {
  /** Changes the profile, also of the sockets that the agent has now. Throws as `applyKeepalive` does. */
  update(profile: KeepaliveProfile): void;
  /** Leaves later sockets alone. Open ones keep what they have. */
  stop(): void;
  [Symbol.dispose](): void;
}

type OnCreated = (error?: Error | null, socket?: Duplex) => void;

/** The methods of an agent that Node documents for overriding (doc/api/http.md). */
interface OverridePoints {
  createConnection(...args: unknown[]): Duplex | null | undefined;
  keepSocketAlive(socket: Duplex): boolean | undefined;
  reuseSocket(socket: Duplex, request: ClientRequest): void;
}

const tunedAgents = new WeakMap<Agent, TunedAgent>();

/**
 * Gives every socket of an `http.Agent` or `https.Agent` the profile: those that it has now, in use or pooled, and
 * those that it opens later (applied in 'connect').
 *
 * The profile is applied again when a socket returns to the pool or is taken from it, because `https.Agent` of Node 20
 * to 22 overwrites the timing there. Sockets that do not carry a TCP connection of this agent are left alone: those of
 * a `socketPath`, tunnels over a stream, mocked sockets of nock and msw. Called again for the same agent, it updates
 * the profile and takes the new options.
 *
 * A socket that refuses the profile is destroyed with the error, so that its request fails with it.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_PROFILE` and `ERR_KEEPALIVE_ADDON`.
 *
 * @example
 * ```ts
 * const options: AgentKeepaliveOptions = { discardClosed: true };
 * const tuned: AgentKeepalive = applyKeepaliveToAgent(http.globalAgent, profiles.dataCenter, options);
 * tuned.stop();
 * ```
 */
export function applyKeepaliveToAgent(
  agent: Agent,
  profile: KeepaliveProfile,
  options: AgentKeepaliveOptions = {},
): AgentKeepalive {
  if (!isAgent(agent)) throw invalidArgumentType('agent', 'an http.Agent', agent);
  checked(profile);
  const { discardClosed } = readOptions(options, { discardClosed: optional(checkedType('boolean'), false) });
  assertAddon();
  let tuned = tunedAgents.get(agent);
  if (tuned === undefined) tunedAgents.set(agent, (tuned = new TunedAgent(agent, profile)));
  else tuned.update(profile);
  tuned.discardClosed(discardClosed);
  return tuned;
}

/** `node:http` is loaded on demand: code that has an agent has loaded it already, and other code does not need it. */
function isAgent(value: unknown): value is Agent {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const http = require('node:http') as typeof import('node:http');
  return !hasEnded(value) && value instanceof http.Agent && isObject(value.sockets) && isObject(value.freeSockets);
}

/** An agent whose constructor never ran has none of its pools. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

class TunedAgent implements AgentKeepalive {
  readonly #agent: Agent;
  /**
   * The context in which the agent was tuned. Sockets that `update` destroys do not belong to the request of its
   * caller.
   */
  readonly #context = new AsyncResource('AgentKeepalive');
  readonly #restore: (() => void)[] = [];
  #keepClosed: (() => void) | undefined;
  /** undefined: stopped. */
  #profile: KeepaliveProfile | undefined;

  constructor(agent: Agent, profile: KeepaliveProfile) {
    this.#agent = agent;
    this.#profile = profile;
    this.#tuneAll();
    const refusal = (socket: unknown) => this.#refusal(socket);
    const tune = (socket: unknown): void => {
      this.#tune(socket);
    };

    this.#override('createConnection', (original) => {
      return function createConnection(this: OverridePoints, ...args) {
        const created = args.at(-1);
        if (typeof created === 'function') {
          // The default `createConnection` adds the callback as a listener of 'connect', which has no arguments.
          args[args.length - 1] = function (this: unknown, ...results: Parameters<OnCreated>): void {
            tune(results[1]);
            Reflect.apply(created as OnCreated, this, results);
          };
        }
        const socket = original.apply(this, args);
        tune(socket);
        return socket;
      };
    });
    this.#override('keepSocketAlive', (original) => {
      return function keepSocketAlive(this: OverridePoints, socket) {
        // The agent destroys a socket that it does not keep. No request listens to its errors now.
        return Boolean(original.call(this, socket)) && refusal(socket) === undefined;
      };
    });
    this.#override('reuseSocket', (original) => {
      return function reuseSocket(this: OverridePoints, socket, request) {
        original.call(this, socket, request);
        tune(socket);
      };
    });
  }

  update(profile: KeepaliveProfile): void {
    checked(profile);
    if (this.#profile === undefined) return;
    this.#profile = profile;
    this.#tuneAll();
  }

  discardClosed(wanted: boolean): void {
    if (wanted) this.#keepClosed ??= discardClosedSockets(this.#agent);
    else {
      this.#keepClosed?.();
      this.#keepClosed = undefined;
    }
  }

  stop(): void {
    if (tunedAgents.get(this.#agent) !== this) return;
    this.#profile = undefined;
    this.discardClosed(false);
    for (const restore of this.#restore) restore();
    tunedAgents.delete(this.#agent);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #tuneAll(): void {
    const { sockets, freeSockets } = this.#agent;
    const all = [sockets, freeSockets].flatMap((pool) => Object.values(pool)).flatMap((some = []) => some);
    this.#context.runInAsyncScope(() => {
      for (const socket of all) this.#tune(socket);
    });
  }

  #tune(socket: unknown): void {
    const error = this.#refusal(socket);
    if (error === undefined) return;
    const refusing = realSocket(socket);
    // By then the request listens to the socket.
    process.nextTick(() => refusing.destroy(error));
  }

  /** Returns the error. undefined: the profile is set, or there is no TCP connection to set it on. */
  #refusal(socket: unknown): Error | undefined {
    if (this.#profile === undefined || !isSocket(socket)) return undefined;
    try {
      applyKeepalive(socket, this.#profile);
      return undefined;
    } catch (error) {
      const { code } = error as KeepaliveError;
      // The agent and its requests notice a dead connection by themselves.
      return code === 'ERR_KEEPALIVE_NOT_TCP' || code === 'ERR_KEEPALIVE_CLOSED' ? undefined : (error as Error);
    }
  }

  #override<Name extends keyof OverridePoints>(
    name: Name,
    replace: (original: OverridePoints[Name]) => OverridePoints[Name],
  ): void {
    this.#restore.push(override(this.#agent as unknown as OverridePoints, name, replace));
  }
}
