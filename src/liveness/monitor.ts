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

/** What every monitor publishes, for tracing tools that know none of them. */
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
   * The socket closed; it is not watched any more. Once for each time it was watched. A socket that nobody reads does not
   * notice its end: it only falls silent.
   */
  gone: [socket: Socket, reason: DisconnectReason];
}

/**
 * Tells which of any number of peers are there, silent, or gone, by what the kernel heard of them (see `lastHeard`): with
 * a keepalive profile on the sockets it needs no application traffic. With `destroyAfter` it also ends the silent ones.
 *
 * A change is reported at most one `checkEvery` after it could be seen. What it costs follows what can happen: a socket is
 * looked at (one system call) within the first `checkEvery`, then whenever its peer could first be silent: `silentAfter`
 * after it was last known to be heard. A peer that only answers probes costs one look in each probe period, or in as
 * many whole ones as `silentAfter` has; no pattern of traffic costs more than two in each `silentAfter`. A silent socket is
 * looked at in every `checkEvery`.
 *
 * Looks are made in batches and in slices that hold the event loop for less than half a millisecond. A descriptor is asked of
 * its socket in the moment it is used, so none is used that was closed. A socket that was sent to another process, or lost
 * the monitor's 'close' listener, is 'gone' with its next look. No timer runs while nothing is watched, and none holds
 * the process open; a round that goes on is ended. A watched socket takes 60 to 120 bytes.
 *
 * Time that the machine slept counts as silence, except for a peer that was heard within one `checkEvery` around the sleep.
 * Listeners run in the asynchronous context in which the monitor was made.
 *
 * Linux. On macOS and Windows the kernel does not tell when a peer was heard: 'gone' is reported there and every socket
 * stays `unknown`, none becomes silent and none is destroyed (`keepaliveSupport.lastHeard`).
 *
 * The same is published on the channels of node:diagnostics_channel `tcp-keepalive:silent` (`{ monitor, socket,
 * milliseconds }`), `tcp-keepalive:heard` (`{ monitor, socket }`), `tcp-keepalive:gone` (`{ monitor, socket, reason }`)
 * and, after each round (one in every `checkEvery`) and when the last socket has gone, `tcp-keepalive:snapshot`
 * (`{ monitor, snapshot }`).
 *
 * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for bad options, `ERR_KEEPALIVE_PROFILE` for a bad profile.
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
 *
 * @example
 * ```ts
 * // Silent after 276.4 s, gone after at most 304 s, whatever is written meanwhile.
 * const derived: LivenessProfileOptions = { profile: profiles.mobileNat, destroyAfter: 300_000 };
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
  /** Where the monitor was made: listeners do not run in the context of whoever watched first, or closed a socket. */
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
   * Watches a socket until it closes, which is reported as 'gone' even where it has closed already. For a TLS connection
   * give the TLSSocket; a client socket that connects again has to be watched again then. Watching twice is watching once.
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
   * Forgets a socket: nothing more is reported of it. One that is not watched is left alone.
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
