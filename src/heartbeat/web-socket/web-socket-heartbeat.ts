import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import { assertObject, checkedTime, checkedType, optional, readOptions } from '../../util/arguments.js';
import { display, invalidArgumentType } from '../../util/invalid-argument.js';
import { PingSchedule, type Look } from '../schedule/ping-schedule.js';
import { Newcomers } from './newcomers.js';
import { isClient, isEnding, type HeartbeatClient } from './web-socket-client.js';
import { WebSocketPeer, type WebSocketRules } from './web-socket-peer.js';

/** Options of {@link WebSocketHeartbeat}. */
export interface WebSocketHeartbeatOptions {
  /** Milliseconds, 1 to 2 147 483 647. A client that was not heard from for this long is pinged, to a sixty-fourth of it. */
  readonly interval: number;
  /** Milliseconds, 1 to 2 147 483 647. A client that has not answered a ping for this long is terminated. */
  readonly timeout: number;
  /**
   * Takes the word of the peer's kernel (`lastHeard` of the client's TCP socket: data, acknowledgements, the answers to
   * keepalive probes) for the client's: it is not pinged while its kernel is heard. Only where no proxy is in the path,
   * whose kernel it would be; and an application that is frozen is not noticed while its kernel answers. false by
   * default. Linux; without effect elsewhere.
   */
  readonly trustKernel?: boolean | undefined;
}

/** What a {@link WebSocketHeartbeat} emits. */
export interface WebSocketHeartbeatEvents<C extends HeartbeatClient = HeartbeatClient> {
  /** The client has not answered in time and was terminated; milliseconds since it was last heard from. Once. */
  gone: [client: C, silentFor: number];
}

/** What a {@link WebSocketHeartbeat} knows now, for a metrics endpoint. JSON-safe. The counts are since it was made. */
export interface WebSocketHeartbeatSnapshot {
  /** Clients that it looks after. */
  readonly clients: number;
  /** Of them, those that owe a sign of life: pinged, or held back, and not heard from since. */
  readonly waiting: number;
  readonly pingsSent: number;
  /** Pings that a loop with this `interval` would have sent to clients that were heard from anyway. */
  readonly pingsSaved: number;
  /** Pings that were not sent because what was sent before still waited. */
  readonly pingsWithheld: number;
  /** Clients that were terminated. */
  readonly gone: number;
}

/** Of so many looks at the Set one goes through all of it: one client may have come while another left. */
const longestBetweenWalks = 16;

/**
 * Pings the clients of a WebSocket server that have been silent for an `interval`, and terminates those that do not answer
 * within `timeout`: the application is asked, which a keepalive probe (answered by the kernel, or by a proxy's) cannot do.
 *
 * Give it the server of `ws`, its `clients`, or a live Set of your own. New clients are found by themselves, within a
 * sixteenth of the interval (within an interval where one comes into a Set of your own while another leaves it), and those
 * that leave are let go of. What is no client is refused, or, where it is put into the Set later, left alone with a warning.
 *
 * - The pings of all clients lie evenly in the interval, also if all came, or spoke, in one moment: then some are asked
 *   earlier, but none within half an interval of what it said, nor sooner than it must be for the others.
 * - A client that was heard from (a message, a ping, a pong that was not asked for) is not pinged for an interval.
 * - A part of a message is a sign of life too. So is what a slow reader takes of that which waits for it: it survives as
 *   long as something moves within each `timeout`. While the application has paused a client, it is not judged.
 * - While what was sent before still waits in this process, nothing is added to it.
 *
 * A vanished client is noticed after `interval + timeout` at the latest, a frozen one too; a frozen one that is sent to all
 * the time, once its kernel has no more room (on Linux; elsewhere once the kernels of both sides have none).
 *
 * One timer for any number of clients, which does not hold the process open; each client costs the same, however many
 * there are, and the event loop is held for less than half a millisecond at a time. What reaches a closed connection, or
 * ends one, is up to `ws`: listen to its 'close', as ever.
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad arguments.
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
  #gone = 0;
  #warned = false;

  constructor(
    clients: ReadonlySet<C> | { readonly clients?: ReadonlySet<C> | undefined },
    options: WebSocketHeartbeatOptions,
  ) {
    super();
    this.#clients = checkedClients(clients);
    const { interval, timeout, trustKernel } = readOptions(options, {
      interval: checkedTime,
      timeout: checkedTime,
      trustKernel: optional(checkedType('boolean'), false),
    });
    this.#rules = { clients: this.#clients, trustKernel, onClose: this.#onClose };
    this.#schedule = new PingSchedule({ interval, timeout, look: this.#look(), onSilent: this.#onSilent });
  }

  /** What is known now. Costs the same for any number of clients. */
  snapshot(): WebSocketHeartbeatSnapshot {
    const { size, waiting, counts } = this.#schedule;
    return { clients: size, waiting, ...counts, gone: this.#gone };
  }

  /** Ends it: nobody is pinged or judged any more. The counts stay. */
  stop(): void {
    this.#schedule.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** The Set tells nobody of newcomers. */
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

  /** What is put into the Set later: there is nobody to throw at. */
  #isStranger(value: unknown): boolean {
    if (isClient(value)) return false;
    if (!this.#warned) {
      this.#warned = true;
      const warning = `${display(value)} among the clients of a WebSocketHeartbeat is no WebSocket; it is left alone`;
      process.emitWarning(warning, { type: 'KeepaliveWarning', code: 'ERR_INVALID_ARG_TYPE' });
    }
    return true;
  }

  readonly #meet = (client: C): void => {
    this.#schedule.add(new WebSocketPeer(client, this.#rules), this.#clients.size);
  };

  /** Where a closed client stays in somebody's own Set it stays known, or each look would find it anew. */
  readonly #onClose = (peer: WebSocketPeer<C>): void => {
    if (this.#clients.has(peer.target)) peer.queue?.remove(peer);
    else this.#schedule.remove(peer);
  };

  readonly #onSilent = ({ target }: WebSocketPeer<C>, silentFor: number): void => {
    this.#gone += 1;
    target.terminate();
    this.emit('gone', target, silentFor);
  };
}

function checkedClients<C extends HeartbeatClient>(
  clients: ReadonlySet<C> | { readonly clients?: ReadonlySet<C> | undefined },
): ReadonlySet<C> {
  if (types.isSet(clients)) return checkedSet(clients);
  assertObject('clients', clients);
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
