import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import { keepaliveSupport } from '../../index.js';
import { assertObject, checkedTime } from '../../util/arguments.js';
import { display, invalidArgumentType } from '../../util/invalid-argument.js';
import { Alarm, type Work } from '../schedule/alarm.js';
import { now } from '../schedule/milliseconds.js';
import { Newcomers } from './newcomers.js';
import { Queue } from '../schedule/queue.js';
import { Tracked } from './tracked-client.js';
import { isClient, isDeaf, isEnding, isOpen, socketOf, type HeartbeatClient } from './web-socket-client.js';
import { Wheel } from '../schedule/wheel.js';

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
   * default. Linux; without effect elsewhere. Needs the native addon.
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

/** So late at most is a new client found. */
const looksInInterval = 16;

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
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad arguments, `ERR_KEEPALIVE_ADDON` for `trustKernel` where the
 * native addon was not loaded.
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
  readonly #interval: number;
  readonly #timeout: number;
  readonly #trustKernel: boolean;
  readonly #tracked = new Map<C, Tracked<C>>();
  readonly #newcomers: Newcomers<C>;
  readonly #wheel: Wheel<Tracked<C>>;
  /** Those that owe a sign of life, by their deadlines. */
  readonly #waiting = new Queue<Tracked<C>>();
  readonly #alarm: Alarm;
  readonly #counts = { pingsSent: 0, pingsSaved: 0, pingsWithheld: 0, gone: 0 };
  #nextLook = 0;
  #warned = false;

  constructor(
    clients: ReadonlySet<C> | { readonly clients?: ReadonlySet<C> | undefined },
    options: WebSocketHeartbeatOptions,
  ) {
    super();
    this.#clients = checkedClients(clients);
    assertObject('options', options);
    this.#interval = checkedTime('options.interval', options.interval);
    this.#timeout = checkedTime('options.timeout', options.timeout);
    const { trustKernel = false } = options;
    if (typeof trustKernel !== 'boolean') throw invalidArgumentType('options.trustKernel', 'a boolean', trustKernel);
    if (trustKernel && keepaliveSupport.unavailable !== null) throw keepaliveSupport.unavailable;
    this.#trustKernel = trustKernel;
    this.#newcomers = new Newcomers(this.#clients, looksInInterval);
    this.#wheel = new Wheel(this.#interval, performance.now());
    this.#alarm = new Alarm(this.#work);
  }

  /** What is known now. Costs the same for any number of clients. */
  snapshot(): WebSocketHeartbeatSnapshot {
    return { clients: this.#tracked.size, waiting: this.#waiting.length, ...this.#counts };
  }

  /** Ends it: nobody is pinged or judged any more. The counts stay. */
  stop(): void {
    this.#alarm.stop();
    for (const entry of this.#tracked.values()) this.#forget(entry);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  readonly #work: Work = {
    begin: (time) => {
      if (time >= this.#nextLook) {
        this.#newcomers.look(this.#tracked.size);
        this.#nextLook = time + this.#interval / looksInInterval;
      }
      this.#wheel.turn(time);
    },
    step: (time) => this.#newcomers.step(this.#isKnown, this.#meet) || this.#judgeNext(time) || this.#takeTurn(time),
    next: (time) => Math.min(this.#nextLook, this.#waiting.first?.deadline ?? Infinity, this.#wheel.next(time)),
  };

  readonly #isKnown = (client: C): boolean => this.#tracked.has(client) || this.#isStranger(client) || isEnding(client);

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
    const entry = new Tracked(client, now(), this.#leave);
    this.#tracked.set(client, entry);
    this.#wheel.seat(entry, this.#clients.size);
  };

  /** Where a closed client stays in somebody's own Set it stays known, or each look would find it anew. */
  readonly #leave = (entry: Tracked<C>): void => {
    if (this.#clients.has(entry.client)) this.#waiting.remove(entry);
    else this.#forget(entry);
  };

  #forget(entry: Tracked<C>): void {
    this.#tracked.delete(entry.client);
    this.#wheel.unseat(entry);
    this.#waiting.remove(entry);
    entry.release();
  }

  #takeTurn(time: number): boolean {
    const entry = this.#wheel.take();
    if (entry === undefined) return false;
    // First of all, so that those who speak by themselves cost least.
    if (this.#putOff(entry, time)) return true;
    const { client } = entry;
    if (!this.#clients.has(client)) {
      this.#forget(entry);
      return true;
    }
    try {
      if (isOpen(client) && entry.queue === undefined) {
        if (this.#trustKernel) entry.hearKernel(time);
        if (this.#putOff(entry, time)) return true;
        entry.position.take(socketOf(client), client.bufferedAmount);
        this.#ask(entry, time);
      }
    } finally {
      // Also if `ping` throws.
      if (entry.slot === -1 && this.#tracked.has(client)) this.#seatBy(entry, time + this.#interval);
    }
    return true;
  }

  /** Gives it a later turn if it was heard since it got this one. */
  #putOff(entry: Tracked<C>, time: number): boolean {
    const due = entry.heardAt + this.#interval;
    if (entry.heardAt <= entry.seatedFor || due <= time) return false;
    this.#counts.pingsSaved += entry.periodsSinceCounted(time, this.#interval);
    this.#seatBy(entry, due);
    return true;
  }

  #seatBy(entry: Tracked<C>, due: number): void {
    entry.seatedFor = Math.max(entry.heardAt, entry.pingedAt);
    this.#wheel.seatBy(entry, due);
  }

  /** Waits for a sign of life, with a ping if none is on its way. */
  #ask(entry: Tracked<C>, time: number): void {
    entry.deadline = time + this.#timeout;
    this.#waiting.add(entry);
    if (entry.client.bufferedAmount > 0) {
      this.#counts.pingsWithheld += 1;
    } else {
      this.#counts.pingsSent += 1;
      entry.ping(time);
    }
  }

  #judgeNext(time: number): boolean {
    const entry = this.#waiting.first;
    if (entry === undefined || entry.deadline > time) return false;
    this.#waiting.remove(entry);
    if (isOpen(entry.client)) this.#judge(entry, time);
    return true;
  }

  #judge(entry: Tracked<C>, time: number): void {
    const { client } = entry;
    const progress = entry.position.advance(socketOf(client), client.bufferedAmount);
    if (progress === 'received') {
      entry.hear(time);
    } else if (progress === 'none' && !isDeaf(client)) {
      this.#end(entry, time);
    } else if (entry.owesPong) {
      entry.deadline = time + this.#timeout;
      this.#waiting.add(entry);
    } else {
      this.#ask(entry, time);
    }
  }

  #end(entry: Tracked<C>, time: number): void {
    const { client } = entry;
    this.#forget(entry);
    this.#counts.gone += 1;
    client.terminate();
    this.emit('gone', client, Math.round(time - Math.max(entry.since, entry.heardAt)));
  }
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
