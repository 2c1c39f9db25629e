import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Alarm } from '../util/alarm.js';
import { assertAddon } from '../addon/binding.js';
import { platform } from '../profile/platform.js';
import { assertSocket, hasEnded, isTcpSocket, notTcp } from '../socket/descriptor.js';
import { unproxied } from '../util/unproxied.js';
import { Calendar } from './calendar.js';
import { disconnectReason, type DisconnectReason } from './disconnect-reason.js';
import { checkedTimes, type LivenessOptions, type LivenessProfileOptions } from './options.js';
import { Rounds } from './rounds.js';
import { SilenceClock } from './silence-clock.js';
import { Snapshots, type LivenessSnapshot } from './snapshot.js';
import { WatchedSockets } from './watched-sockets.js';

/** What every monitor publishes, for tools that have no reference to one. */
const channels = {
  silent: channel('tcp-keepalive:silent'),
  heard: channel('tcp-keepalive:heard'),
  gone: channel('tcp-keepalive:gone'),
  snapshot: channel('tcp-keepalive:snapshot'),
};

/** What a {@link LivenessMonitor} emits. */
export interface LivenessEvents {
  /** The peer was not heard from for `silentAfter`; milliseconds since it was. Once, until it is 'heard'. */
  silent: [socket: Socket, milliseconds: number];
  /** The peer of a silent socket was heard again. */
  heard: [socket: Socket];
  /**
   * The socket closed; it is not watched any more. Once for each time that it was watched. A socket that nobody reads
   * does not notice its end: it only becomes silent.
   */
  gone: [socket: Socket, reason: DisconnectReason];
}

/**
 * Tells which of any number of peers are there, silent or gone, by when their kernels were last heard (`lastHeard`).
 * With a keepalive profile on the sockets this needs no application traffic.
 *
 * A change is reported at most one `checkEvery` after it could be seen. With `destroyAfter`, the sockets of silent
 * peers are destroyed. The time that the machine sleeps counts as silence, except for a peer that was heard within one
 * `checkEvery` around the sleep.
 *
 * Linux. On macOS and Windows the kernel does not tell when a peer was heard: every socket stays `unknown` there, and
 * only 'gone' is reported (`keepaliveSupport.lastHeard`).
 *
 * Cost: a look is one system call. A socket is looked at within the first `checkEvery`, then whenever its peer could
 * first be silent, at most twice in each `silentAfter`; a silent one in each `checkEvery`. Looks hold the event loop
 * for less than half a millisecond at a time. A watched socket takes 60 to 120 bytes. No timer holds the process open.
 *
 * A socket that was sent to another process, or whose 'close' listeners were all removed, is 'gone' with its next look.
 * Listeners run in the asynchronous context in which the monitor was made.
 *
 * Channels of node:diagnostics_channel publish the same: `tcp-keepalive:silent` (`{ monitor, socket, milliseconds }`),
 * `tcp-keepalive:heard` (`{ monitor, socket }`), `tcp-keepalive:gone` (`{ monitor, socket, reason }`), and after each
 * round `tcp-keepalive:snapshot` (`{ monitor, snapshot }`).
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad options, `ERR_KEEPALIVE_PROFILE` for a bad profile, and
 * `ERR_KEEPALIVE_ADDON`.
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
 *
 * @example
 * ```ts
 * // Silent after 276.4 s, gone after at most 314 s, whatever is written meanwhile.
 * const derived: LivenessProfileOptions = { profile: profiles.mobileNat, destroyAfter: 310_000 };
 * const bounded = new LivenessMonitor(derived);
 * applyKeepalive(socket, profiles.mobileNat);
 * bounded.watch(socket);
 * ```
 */
export class LivenessMonitor extends EventEmitter<LivenessEvents> {
  readonly #sockets: WatchedSockets;
  readonly #snapshots: Snapshots;
  /** Closed before they were watched, and not reported yet. */
  readonly #closed = new Set<Socket>();
  readonly #onClose: (this: Socket) => void;
  /** Runs while a socket is watched. */
  readonly #alarm: Alarm;
  /** The context in which the monitor was made: listeners do not run in that of the code that watched or closed a socket. */
  readonly #context = new AsyncResource('LivenessMonitor');

  constructor(options: LivenessOptions | LivenessProfileOptions) {
    super();
    const times = checkedTimes(options);
    assertAddon();
    const clock = new SilenceClock();
    const calendar = new Calendar(times.checkEvery, times.silentAfter, clock.now());
    const close = this.#close.bind(this);
    this.#onClose = function (this: Socket): void {
      close(this);
    };
    this.#sockets = new WatchedSockets(calendar);
    this.#snapshots = new Snapshots(this.#sockets, clock, times.checkEvery);
    const rounds = new Rounds(this.#sockets, calendar, clock, times, {
      silent: this.#reportSilent.bind(this),
      heard: this.#reportHeard.bind(this),
      closed: close,
      ended: this.#publishSnapshot.bind(this),
    });
    this.#alarm = new Alarm(rounds);
  }

  /**
   * Watches a socket until it closes, which is reported as 'gone', also if it has closed already. Watching it twice has no
   * further effect. For TLS pass the TLSSocket. A client socket that connects again has to be watched again.
   *
   * Throws `ERR_INVALID_ARG_TYPE` or `ERR_KEEPALIVE_NOT_TCP`.
   */
  watch(socket: Socket): void {
    if (hasEnded(socket)) {
      if (this.#sockets.behind(socket) === undefined) this.#reportClosed(socket, 'closed');
      return;
    }
    assertSocket(socket);
    if (!isTcpSocket(socket)) throw notTcp();
    const real = unproxied(socket);
    // Destroyed, but its 'close' is still to come: that reports it.
    if (this.#sockets.has(real)) return;
    if (real.closed) this.#reportClosed(socket, disconnectReason(real.errored));
    else this.#add(real, socket);
  }

  /**
   * Forgets a socket: nothing more is reported of it. Does nothing for a socket that is not watched.
   *
   * Throws `ERR_INVALID_ARG_TYPE`.
   */
  unwatch(socket: Socket): void {
    this.#closed.delete(socket);
    const ended = hasEnded(socket);
    if (!ended) assertSocket(socket);
    const real = ended ? this.#sockets.behind(socket) : unproxied(socket);
    if (real !== undefined) this.#remove(real);
  }

  /** The watched sockets, as they were given to `watch`. So `applyKeepaliveToAll(monitor, profile)` re-tunes them. */
  *[Symbol.iterator](): Generator<Socket, void, void> {
    for (const socket of this.#sockets.all()) yield this.#sockets.shown(socket);
  }

  /** What is known now. Costs the same for any number of sockets. */
  snapshot(): LivenessSnapshot {
    return this.#snapshots.take();
  }

  /** Forgets every socket. The counts of `gone` stay. */
  stop(): void {
    this.#closed.clear();
    for (const socket of this.#sockets.all()) this.#remove(socket);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #add(socket: Socket, shown: Socket): void {
    this.#sockets.add(socket, shown);
    socket.on('close', this.#onClose);
    /* v8 ignore next -- macOS and Windows */
    if (!platform.lastHeard) return;
    if (this.#sockets.size === 1) this.#alarm.by(performance.now());
  }

  #remove(socket: Socket): void {
    if (!this.#sockets.remove(socket)) return;
    socket.removeListener('close', this.#onClose);
    if (this.#sockets.size > 0) return;
    this.#alarm.stop();
  }

  #close(socket: Socket): void {
    if (!this.#sockets.has(socket)) return;
    const shown = this.#sockets.shown(socket);
    this.#remove(socket);
    this.#reportGone(shown, disconnectReason(socket.errored));
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
    this.#snapshots.gone[reason] += 1;
    this.#context.runInAsyncScope(() => {
      channels.gone.publish({ monitor: this, socket, reason });
      if (this.#sockets.size === 0) this.#publishSnapshot(); // no round will
      this.emit('gone', socket, reason);
    });
  }

  #reportSilent(socket: Socket, milliseconds: number): void {
    const shown = this.#sockets.shown(socket);
    channels.silent.publish({ monitor: this, socket: shown, milliseconds });
    this.emit('silent', shown, milliseconds);
  }

  #reportHeard(socket: Socket): void {
    const shown = this.#sockets.shown(socket);
    channels.heard.publish({ monitor: this, socket: shown });
    this.emit('heard', shown);
  }

  #publishSnapshot(): void {
    if (channels.snapshot.hasSubscribers) channels.snapshot.publish({ monitor: this, snapshot: this.snapshot() });
  }
}
