import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { assertAddon } from '../addon/binding.js';
import { assertObject, checkedTime } from '../util/arguments.js';
import { CLOSED, assertSocket, hasEnded, isTcpSocket, notTcp } from '../socket/descriptor.js';
import { disconnectReason, type DisconnectReason } from './disconnect-reason.js';
import { Histogram } from './histogram.js';
import { answers, askNext } from '../socket/last-heard-batch.js';
import { channels } from './channels.js';
import { platform } from '../profile/platform.js';
import { SleepClock } from '../util/sleep-clock.js';
import { slice } from '../util/slices.js';
import { unproxied } from '../socket/unproxied.js';

/** Options of {@link LivenessMonitor}. Milliseconds, 1 to 2 147 483 647. */
export interface LivenessOptions {
  /**
   * A peer that was not heard from for this long is silent. Take more than the time between two probes with an eighth to
   * spare, and several `checkEvery` less than `detectionTime(profile).idle`, or 'gone' comes first.
   */
  readonly silentAfter: number;
  /** How often each socket is looked at: a change is reported at most this much later. */
  readonly checkEvery: number;
}

/** What a {@link LivenessMonitor} emits. */
export interface LivenessEvents {
  /** The peer was not heard from for `silentAfter`; milliseconds since it was. Once, until it is 'heard'. */
  silent: [socket: Socket, milliseconds: number];
  /** The peer of a silent socket was heard again. */
  heard: [socket: Socket];
  /**
   * The socket closed; it is not watched any more. Once for each time it was watched. A socket that nobody reads does not
   * notice its end: it only falls silent.
   */
  gone: [socket: Socket, reason: DisconnectReason];
}

/** What a {@link LivenessMonitor} knows now, for a metrics endpoint. JSON-safe. */
export interface LivenessSnapshot {
  /** Sockets that are watched. */
  readonly connections: number;
  /** Of them, those whose peer is silent. */
  readonly silent: number;
  /** Of them, those of which nothing is known: not looked at yet, or not connected yet, or the OS does not tell. */
  readonly unknown: number;
  /** Sockets that closed while they were watched, since the monitor was made. */
  readonly gone: Readonly<Record<DisconnectReason, number>>;
  /**
   * The others, by milliseconds since their peer was last heard from when it was last looked at: `counts[i]` of them are
   * above `bounds[i - 1]` and at most `bounds[i]`; the last count is of those above the last bound.
   */
  readonly lastHeard: { readonly bounds: readonly number[]; readonly counts: readonly number[] };
}

/** Milliseconds of one tick of Linux's clock at its lowest rate (CONFIG_HZ=100), twice: both ends are rounded. */
const coarsestTick = 20;

/** One watched socket. What http2 hands out as a socket is a proxy of it; events show what was given to `watch`. */
class Watched {
  silent = false;
  bucket = Histogram.none;
  /** Milliseconds that the machine slept since the peer was last heard from: the kernel's times leave them out. */
  asleep = 0;
  constructor(
    readonly shown: Socket,
    readonly socket: Socket,
  ) {}
}

interface Change {
  readonly entry: Watched;
  /** Of silence; undefined: heard. */
  readonly milliseconds: number | undefined;
}

/**
 * Tells which of any number of peers are there, silent, or gone, by what the kernel heard of them (see `lastHeard`): with
 * a keepalive profile on the sockets it needs no application traffic.
 *
 * Each socket costs one system call in every `checkEvery`. They are made in batches and in slices that hold the event
 * loop for less than half a millisecond. A descriptor is asked of its socket in the moment it is used, so none is used
 * that was closed. It holds 100 to 220 bytes for each socket. No timer runs while nothing is watched, and none holds the process open; a round that goes on is ended. Time that the machine slept
 * counts as silence, except for a peer that was heard within one `checkEvery` around the sleep.
 *
 * Linux. On macOS and Windows the kernel does not tell when a peer was heard: 'gone' is reported there and every socket
 * stays `unknown`, none becomes silent (`keepaliveSupport.lastHeard`).
 *
 * The same is published on the channels of node:diagnostics_channel `tcp-keepalive:silent` (`{ monitor, socket,
 * milliseconds }`), `tcp-keepalive:heard` (`{ monitor, socket }`), `tcp-keepalive:gone` (`{ monitor, socket, reason }`)
 * and, after each round of checks and when the last socket has gone, `tcp-keepalive:snapshot` (`{ monitor, snapshot }`).
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad options, and `ERR_KEEPALIVE_ADDON`: without the addon it could
 * never report a silent peer.
 *
 * @example
 * ```ts
 * const options: LivenessOptions = { silentAfter: 300_000, checkEvery: 10_000 };
 * const monitor = new LivenessMonitor(options);
 * monitor.on('silent', (...[socket, milliseconds]: LivenessEvents['silent']) => {
 *   console.log(socket.remoteAddress, 'was last heard', milliseconds, 'ms ago');
 * });
 * monitor.watch(socket);
 * const { connections, silent }: LivenessSnapshot = monitor.snapshot();
 * ```
 */
export class LivenessMonitor extends EventEmitter<LivenessEvents> {
  readonly #silentAfter: number;
  readonly #checkEvery: number;
  readonly #watched = new Map<Socket, Watched>();
  readonly #gone = { closed: 0, 'timed-out': 0, unreachable: 0, reset: 0, other: 0 };
  readonly #histogram = new Histogram();
  readonly #clock = new SleepClock();
  /** Closed before they were watched, and not reported yet. */
  readonly #closed = new Set<Socket>();
  readonly #onClose: (this: Socket) => void;
  readonly #onWithout: (entry: Watched, answer: number) => void;
  #silent = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What is left of a round of checks that goes on. */
  #rest: Iterator<Watched> | undefined;
  /** The start of the round, and what the machine had slept until then; both in milliseconds. */
  #round = { start: 0, asleep: 0 };
  /** From the start of the last round to that of this one. */
  #lap = { awake: 0, asleep: 0 };
  /** How many are still to be looked at: what listeners watch meanwhile has its turn in the next round. */
  #left = 0;
  #nextSlice: NodeJS.Immediate | undefined;
  /** Found by the round and not reported yet. */
  readonly #changes: Change[] = [];
  readonly #asked: Watched[] = [];
  /** Where the monitor was made: listeners do not run in the context of whoever watched first. */
  readonly #context = new AsyncResource('LivenessMonitor');

  constructor(options: LivenessOptions) {
    super();
    assertObject('options', options);
    this.#silentAfter = checkedTime('options.silentAfter', options.silentAfter);
    this.#checkEvery = checkedTime('options.checkEvery', options.checkEvery);
    assertAddon();
    const close = this.#close.bind(this);
    this.#onClose = function (this: Socket): void {
      close(this, disconnectReason(this.errored));
    };
    this.#onWithout = ({ socket }, answer) => {
      // There is no 'close' of a socket that child.send() took, and of one whose listeners were all removed we do not hear.
      if (answer === CLOSED) process.nextTick(close, socket, disconnectReason(socket.errored));
    };
  }

  /**
   * Watches a socket until it closes, which is reported as 'gone' even where it has closed already. For a TLS connection
   * give the TLSSocket; a client socket that connects again has to be watched again then. Watching twice is watching once.
   *
   * Throws `ERR_INVALID_ARG_TYPE` or `ERR_KEEPALIVE_NOT_TCP`.
   */
  watch(socket: Socket): void {
    if (hasEnded(socket)) {
      if (this.#shownAs(socket) === undefined) this.#reportClosed(socket, 'closed');
      return;
    }
    assertSocket(socket);
    if (!isTcpSocket(socket)) throw notTcp();
    const real = unproxied(socket);
    // Destroyed, but its 'close' is still to come: that reports it.
    if (this.#watched.has(real)) return;
    if (real.closed) this.#reportClosed(socket, disconnectReason(real.errored));
    else this.#add(new Watched(socket, real));
  }

  /** Forgets a socket: nothing more is reported of it. One that is not watched is left alone. */
  unwatch(socket: Socket): void {
    this.#closed.delete(socket);
    const ended = hasEnded(socket);
    if (!ended) assertSocket(socket);
    const entry = ended ? this.#shownAs(socket) : this.#watched.get(unproxied(socket));
    if (entry !== undefined) this.#remove(entry);
  }

  /** What is known now. Costs the same for any number of sockets. */
  snapshot(): LivenessSnapshot {
    const { bounds, counts, total } = this.#histogram;
    return {
      connections: this.#watched.size,
      silent: this.#silent,
      unknown: this.#watched.size - total,
      gone: { ...this.#gone },
      lastHeard: { bounds, counts: [...counts] },
    };
  }

  /** Forgets every socket. The counts of `gone` stay. */
  stop(): void {
    this.#closed.clear();
    for (const entry of this.#watched.values()) this.#remove(entry);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** What http2 handed out shows its socket no more once it has ended. */
  #shownAs(socket: Socket): Watched | undefined {
    for (const entry of this.#watched.values()) if (entry.shown === socket) return entry;
    return undefined;
  }

  #add(entry: Watched): void {
    this.#watched.set(entry.socket, entry);
    entry.socket.on('close', this.#onClose);
    if (this.#timer !== undefined || !platform.lastHeard) return;
    this.#startLap();
    this.#timer = this.#context.runInAsyncScope(() => setInterval(this.#startRound, this.#checkEvery).unref());
  }

  #close(socket: Socket, reason: DisconnectReason): void {
    const entry = this.#watched.get(socket);
    if (entry === undefined) return;
    this.#remove(entry);
    this.#reportGone(entry.shown, reason);
  }

  /** Reported like any other, but later than the caller can have listened to it. */
  #reportClosed(socket: Socket, reason: DisconnectReason): void {
    this.#closed.add(socket);
    // Not in a tick: a listener that watches it again would starve the event loop.
    setImmediate(() => {
      if (this.#closed.delete(socket)) this.#reportGone(socket, reason);
    });
  }

  #reportGone(socket: Socket, reason: DisconnectReason): void {
    this.#gone[reason] += 1;
    channels.gone.publish({ monitor: this, socket, reason });
    if (this.#watched.size === 0) this.#publishSnapshot(); // no round will
    this.emit('gone', socket, reason);
  }

  #remove(entry: Watched): void {
    this.#watched.delete(entry.socket);
    entry.socket.removeListener('close', this.#onClose);
    this.#histogram.take(entry.bucket);
    if (entry.silent) this.#silent -= 1;
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#rest = undefined;
  }

  #startLap(): void {
    const { start, asleep } = this.#round;
    this.#round = { start: performance.now(), asleep: this.#clock.asleep() };
    this.#lap = { awake: this.#round.start - start, asleep: this.#round.asleep - asleep };
  }

  readonly #startRound = (): void => {
    if (this.#nextSlice !== undefined) return;
    this.#startLap();
    this.#rest = this.#watched.values();
    this.#left = this.#watched.size;
    this.#runSlice();
  };

  readonly #runSlice = (): void => {
    // First of all, so that the round goes on even if a listener throws. Unreferenced it would wait for other events.
    this.#nextSlice = setImmediate(this.#runSlice);
    const end = performance.now() + slice;
    while (performance.now() < end) {
      const change = this.#changes.shift();
      if (change !== undefined) this.#report(change);
      else if (this.#rest !== undefined) this.#check(this.#rest);
      else break;
    }
    if (this.#rest === undefined && this.#changes.length === 0) this.#endRound();
  };

  #endRound(): void {
    clearImmediate(this.#nextSlice);
    this.#nextSlice = undefined;
    this.#asked.length = 0;
    this.#publishSnapshot();
  }

  #publishSnapshot(): void {
    if (channels.snapshot.hasSubscribers) channels.snapshot.publish({ monitor: this, snapshot: this.snapshot() });
  }

  #check(rest: Iterator<Watched>): void {
    this.#left = askNext(rest, this.#left, this.#asked, this.#onWithout);
    // A socket may have been looked at as early as the last round began, and is now; the kernel's clock is coarser.
    const sinceLast = this.#lap.awake + performance.now() - this.#round.start + coarsestTick;
    // All answers before any listener runs, which may ask the kernel something else.
    this.#asked.forEach((entry, place) => {
      this.#judge(entry, answers[place]!, sinceLast);
    });
    if (this.#left === 0) this.#rest = undefined;
  }

  #judge(entry: Watched, heard: number, sinceLast: number): void {
    if (heard < 0) return;
    // What was heard since the last round was heard after a sleep in between, for all that is known.
    if (heard <= sinceLast) entry.asleep = 0;
    else entry.asleep += this.#lap.asleep;
    const milliseconds = heard + entry.asleep;
    entry.bucket = this.#histogram.move(entry.bucket, milliseconds);
    const silent = milliseconds >= this.#silentAfter;
    if (silent === entry.silent) return;
    entry.silent = silent;
    this.#silent += silent ? 1 : -1;
    this.#changes.push({ entry, milliseconds: silent ? milliseconds : undefined });
  }

  #report({ entry, milliseconds }: Change): void {
    if (this.#watched.get(entry.socket) !== entry) return;
    const { shown: socket } = entry;
    if (milliseconds === undefined) {
      channels.heard.publish({ monitor: this, socket });
      this.emit('heard', socket);
    } else {
      channels.silent.publish({ monitor: this, socket, milliseconds });
      this.emit('silent', socket, milliseconds);
    }
  }
}
