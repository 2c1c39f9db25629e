import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import { keepaliveSupport } from '../../index.js';
import { assertObject, checkedTime, checkedType, optional, readOptions } from '../../util/arguments.js';
import { display, invalidArgumentType } from '../../util/invalid-argument.js';
import { warnOnce } from '../../util/warn-once.js';
import { assertNotEnded, faultReporter, type OnError } from '../fault.js';
import { PingSchedule, type Look } from '../schedule/ping-schedule.js';
import { Newcomers } from './newcomers.js';
import { isClient, isEnding, type HeartbeatClient } from './web-socket-client.js';
import { WebSocketPeer, type WebSocketRules } from './web-socket-peer.js';

/** Options of {@link WebSocketHeartbeat}. */
export interface WebSocketHeartbeatOptions {
  /**
   * Milliseconds, 1 to 2,147,483,647. A client that was not heard from for this long is pinged; earlier, by up to a
   * sixty-fourth of it, or by up to half of it where many pings fall together.
   */
  readonly interval: number;
  /** Milliseconds, 1 to 2,147,483,647. A client that has not answered a ping for this long is terminated. */
  readonly timeout: number;
  /**
   * Accepts a sign of life from the client's kernel in place of one from its application (`lastHeard` of the client's
   * TCP socket: data, acknowledgements, answers to keepalive probes). A client is then not pinged while its kernel
   * answers, and a frozen application is not noticed. Not for a path with a proxy, whose kernel would answer. Default:
   * false. Linux; no effect elsewhere. Needs the native addon.
   */
  readonly trustKernel?: boolean | undefined;
  /**
   * Called with what a client threw while it was pinged or looked at. The client is still watched, and terminated if it
   * stays silent. Default: a process warning, once per heartbeat.
   */
  readonly onError?: ((error: unknown, client: HeartbeatClient) => void) | undefined;
}

/** What a {@link WebSocketHeartbeat} emits. */
export interface WebSocketHeartbeatEvents<C extends HeartbeatClient = HeartbeatClient> {
  /**
   * A client did not answer in time and was terminated. `silentFor`: milliseconds since it was last heard from. Emitted
   * once for a client.
   */
  gone: [client: C, silentFor: number];
}

/** The state of a {@link WebSocketHeartbeat}, for a metrics endpoint. JSON-safe. Counts start when it is made. */
export interface WebSocketHeartbeatSnapshot {
  /** Clients that are watched. */
  readonly clients: number;
  /**
   * Of them, those that owe a sign of life: they were pinged, or their ping was withheld, and were not heard from
   * since.
   */
  readonly waiting: number;
  readonly pingsSent: number;
  /** Pings that a loop with this `interval` would have sent to clients that were heard from anyway. */
  readonly pingsSaved: number;
  /** Pings that were not sent because earlier data still waited. */
  readonly pingsWithheld: number;
  /** Clients that were terminated. */
  readonly gone: number;
}

/** One of this many looks at the Set goes through all of it: one client can come while another leaves. */
const longestBetweenWalks = 16;

/**
 * Pings the clients of a WebSocket server that have been silent for an `interval`, and terminates those that do not
 * answer within `timeout`. A ping asks the client's application. A keepalive probe is answered by the kernel, the
 * client's or a proxy's.
 *
 * Pass the server of `ws`, its `clients`, or a live Set of your own. New clients are found within a sixteenth of the
 * interval (within a whole interval where one enters your own Set while another leaves it). Clients that leave the Set
 * are forgotten. An element that is not a client throws; one that is put into the Set later is ignored, with a warning.
 *
 * - The pings of all clients are spread evenly over the interval, even if all clients connect or send at the same
 *   moment: some are then pinged earlier, but none within half an interval of what it sent, and no earlier than the
 *   spread needs.
 * - A client that was heard from (a message, a ping, an unsolicited pong) is not pinged for an interval.
 * - A part of a message is a sign of life too. A slow reader survives as long as it takes some of the waiting data
 *   within each `timeout`. A client that the application has paused is not judged.
 * - No ping is sent while earlier data still waits in this process.
 *
 * A vanished or frozen client is noticed within `interval + timeout`. A frozen client to which the application keeps
 * sending is noticed once the buffers of its kernel are full (on Linux; elsewhere once those of both kernels are).
 *
 * One timer serves any number of clients and does not keep the process running. What a client costs does not depend on
 * their number: it takes about 900 bytes of the heap. The event loop is held for less than half a millisecond at a time.
 * Clients emit 'close' as usual.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad arguments, `ERR_KEEPALIVE_CLOSED` for the socket of an http2
 * session that has ended, `ERR_KEEPALIVE_ADDON` for `trustKernel` where the native addon was not loaded.
 *
 * @example
 * ```ts
 * const options: WebSocketHeartbeatOptions = { interval: 550_000, timeout: 60_000 };
 * const clients: ReadonlySet<HeartbeatClient> = webSocketServer.clients;
 * const heartbeat = new WebSocketHeartbeat(clients, options);
 * heartbeat.on('gone', (...[client, silentFor]: WebSocketHeartbeatEvents['gone']) => {
 *   console.log('no answer for', silentFor, 'ms');
 * });
 * const { pingsSaved }: WebSocketHeartbeatSnapshot = heartbeat.snapshot();
 * ```
 */
export class WebSocketHeartbeat<C extends HeartbeatClient = HeartbeatClient> extends EventEmitter<
  WebSocketHeartbeatEvents<C>
> {
  readonly #clients: ReadonlySet<C>;
  readonly #schedule: PingSchedule<C, WebSocketPeer<C>>;
  readonly #rules: WebSocketRules<C>;
  readonly #report: OnError<C>;
  readonly #warnOfStranger = warnOnce();
  /** Clients on which no listener could be put. */
  readonly #strangers = new WeakSet<HeartbeatClient>();
  #gone = 0;
  #isStopped = false;

  constructor(
    clients: ReadonlySet<C> | { readonly clients?: ReadonlySet<C> | undefined },
    options: WebSocketHeartbeatOptions,
  ) {
    super();
    this.#clients = checkedClients(clients);
    const { interval, timeout, trustKernel, onError } = readOptions(options, {
      interval: checkedTime,
      timeout: checkedTime,
      trustKernel: optional(checkedType('boolean'), false),
      onError: optional(checkedType('function'), undefined),
    });
    if (trustKernel && keepaliveSupport.unavailable !== null) throw keepaliveSupport.unavailable;
    this.#report = faultReporter('WebSocketHeartbeat', onError as WebSocketHeartbeatOptions['onError']);
    this.#rules = { clients: this.#clients, trustKernel, onClose: this.#onClose };
    this.#schedule = new PingSchedule({
      interval,
      timeout,
      look: this.#look(),
      onSilent: this.#onSilent,
      onError: (error, { target }) => {
        this.#report(error, target);
      },
    });
  }

  /** The state now. Costs the same for any number of clients. */
  snapshot(): WebSocketHeartbeatSnapshot {
    const { size, waiting, counts } = this.#schedule;
    return { clients: size, waiting, ...counts, gone: this.#gone };
  }

  /** Stops the heartbeat: no client is pinged or terminated any more. The counts stay. */
  stop(): void {
    this.#isStopped = true;
    this.#schedule.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** The Set emits no event for a new client. */
  #look(): Look {
    const newcomers = new Newcomers(this.#clients, longestBetweenWalks);
    return {
      evenAlone: true,
      begin: () => {
        newcomers.look(this.#schedule.size);
      },
      step: () => newcomers.step(this.#isKnown, this.#meet),
    };
  }

  readonly #isKnown = (client: C): boolean =>
    this.#schedule.has(client) || this.#isStranger(client) || isEnding(client);

  /** Warns of what is put into the Set later: there is no caller that could catch an error. */
  #isStranger(value: unknown): boolean {
    if (isClient(value)) return this.#strangers.has(value);
    this.#warnOfStranger(
      () => `${display(value)} among the clients of a WebSocketHeartbeat is not a WebSocket; it is ignored`,
      { code: 'ERR_INVALID_ARG_TYPE' },
    );
    return true;
  }

  readonly #meet = (client: C): void => {
    try {
      this.#schedule.add(new WebSocketPeer(client, this.#rules), this.#clients.size);
    } catch (error) {
      this.#strangers.add(client);
      this.#report(error, client);
    }
  };

  /** A closed client that stays in the user's own Set stays known; else each look would find it again. */
  readonly #onClose = (peer: WebSocketPeer<C>): void => {
    if (this.#clients.has(peer.target)) peer.queue?.remove(peer);
    else this.#schedule.remove(peer);
  };

  readonly #onSilent = ({ target }: WebSocketPeer<C>, silentFor: number): void => {
    this.#gone += 1;
    try {
      target.terminate();
    } catch (error) {
      this.#report(error, target);
    }
    if (!this.#isStopped) this.emit('gone', target, silentFor);
  };
}

function checkedClients<C extends HeartbeatClient>(
  clients: ReadonlySet<C> | { readonly clients?: ReadonlySet<C> | undefined },
): ReadonlySet<C> {
  if (types.isSet(clients)) return checkedSet(clients);
  assertObject('clients', clients);
  assertNotEnded('clients', clients);
  if (types.isSet(clients.clients)) return checkedSet(clients.clients);
  throw invalidArgumentType(
    'clients',
    'a Set of clients, or a WebSocketServer that keeps one (clientTracking)',
    clients,
  );
}

function checkedSet<C extends HeartbeatClient>(clients: ReadonlySet<C>): ReadonlySet<C> {
  for (const client of clients) {
    if (!isClient(client)) throw invalidArgumentType('clients', 'a Set of WebSocket clients only', client);
  }
  return clients;
}
