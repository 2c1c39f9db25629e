import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { applyKeepalive } from './apply.js';
import { assertAddon } from '../addon/binding.js';
import { assertNumber, assertObject, longestDelay } from '../util/arguments.js';
import { assertSocket, hasEnded } from '../socket/descriptor.js';
import { KeepaliveError, invalidArgumentType, outOfRange } from '../util/errors.js';
import { defineProfile, type KeepaliveProfile } from '../profile/profile.js';
import { inSlices } from '../util/slices.js';
import { coarsestStep, receiveBacklog } from '../profile/kernel-timers.js';

/** Options of {@link applyKeepaliveToAll}. */
export interface FleetOptions {
  /** Stops before the next socket: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds from the first socket to the last; 0: no pause between the slices. Default: long enough that no more than
   * 500 are probed in one kernel tick, but at most one `initialDelay`.
   */
  readonly spread?: number | undefined;
}

/** What {@link applyKeepaliveToAll} did. */
export interface FleetResult {
  /** Sockets that hold the profile now, or will in 'connect'. */
  readonly applied: number;
  /** Sockets that were closed before their turn came, and sockets of http2 sessions that had ended. */
  readonly skipped: number;
  /** Sockets that refused the profile. They are as they were. */
  readonly failed: readonly FleetFailure[];
}

/** One socket that refused the profile, and why. */
export interface FleetFailure {
  readonly socket: Socket;
  readonly error: Error;
}

/**
 * Applies a profile to any number of open sockets. It works in slices that hold the event loop for less than half a
 * millisecond, and spreads them over time, so that the sockets are not all probed at once.
 *
 * Sockets that are tuned at once are probed in the same kernel tick ever after. On loopback, veth and other devices
 * with a receive backlog, more than `net.core.netdev_max_backlog` probes (1,000) in one tick are lost: of 19,500 live
 * loopback connections at 5 s / 2 s / 3, 14,395 were killed with `spread: 0`, none with the default.
 *
 * A socket that refuses the profile is listed in `failed`. Rejects before the first socket with `ERR_INVALID_ARG_TYPE`
 * (also for an element of `sockets` that is not a socket), `ERR_KEEPALIVE_PROFILE`, `ERR_KEEPALIVE_ADDON`, or
 * `ERR_OUT_OF_RANGE` for a bad `spread`; later only with the signal's reason.
 *
 * @example
 * ```ts
 * const options: FleetOptions = { signal: AbortSignal.timeout(60_000) };
 * const { applied, failed }: FleetResult = await applyKeepaliveToAll(sockets, profiles.mobileNat, options);
 * failed.forEach(({ socket, error }: FleetFailure) => console.error(socket.remoteAddress, error.message));
 * ```
 */
export async function applyKeepaliveToAll(
  sockets: Iterable<Socket>,
  profile: KeepaliveProfile,
  options: FleetOptions = {},
): Promise<FleetResult> {
  const wanted = defineProfile(profile);
  const { signal, spread } = checkedOptions(options);
  assertAddon();
  const fleet = await collect(sockets, signal);
  await nextTurn();
  const duration = spread ?? defaultSpread(fleet.length, wanted.initialDelay);
  const start = performance.now();

  const failed: FleetFailure[] = [];
  let applied = 0;
  let skipped = 0;
  const visit = (socket: Socket): void => {
    try {
      applyKeepalive(socket, wanted);
      applied += 1;
    } catch (error) {
      if (error instanceof KeepaliveError && error.code === 'ERR_KEEPALIVE_CLOSED') skipped += 1;
      else failed.push({ socket, error: error as Error });
    }
  };
  const paced = (index: number): number | undefined =>
    isClosed(fleet[index]!) ? undefined : start + (duration * index) / fleet.length;
  await inSlices(fleet, visit, { signal, dueAt: duration === 0 ? undefined : paced });
  return { applied, skipped, failed };
}

function isClosed(socket: Socket): boolean {
  return hasEnded(socket) || socket.destroyed;
}

/** Half of the backlog is left to other traffic. */
const inOneTick = receiveBacklog / 2;

/** Long enough that no more than {@link inOneTick} are probed in one tick, but no longer than the period of the probes. */
function defaultSpread(sockets: number, initialDelay: number): number {
  if (sockets <= inOneTick) return 0;
  return Math.min(initialDelay, (coarsestStep(initialDelay) * sockets) / inOneTick);
}

async function collect(sockets: Iterable<Socket>, signal: AbortSignal | undefined): Promise<Socket[]> {
  const iterable: unknown = sockets;
  if (typeof iterable !== 'object' || iterable === null || !(Symbol.iterator in iterable)) {
    throw invalidArgumentType('sockets', 'an iterable of net.Socket', sockets);
  }
  const fleet: Socket[] = [];
  const add = (socket: unknown): void => {
    assertWasSocket(socket);
    fleet.push(socket);
  };
  // An endless iterable of wrong values must not fill the memory.
  if (Array.isArray(sockets) && sockets.length > 0) assertWasSocket(sockets[0]);
  // A live array must not lose elements meanwhile; other iterables are read over several turns.
  await inSlices(Array.isArray(sockets) ? [...(sockets as Socket[])] : sockets, add, { signal });
  return fleet;
}

/** The socket of an http2 session that has ended is skipped, as any closed socket. */
function assertWasSocket(value: unknown): asserts value is Socket {
  if (!hasEnded(value)) assertSocket(value);
}

/** Reads each field once: a getter can return another value the second time. */
function checkedOptions(options: FleetOptions): FleetOptions {
  assertObject('options', options);
  const { signal, spread } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgumentType('options.signal', 'an AbortSignal', signal);
  }
  if (spread !== undefined) assertNumber('options.spread', spread);
  if (spread !== undefined && !(spread >= 0 && spread <= longestDelay)) {
    throw outOfRange('options.spread', `0 to ${longestDelay} milliseconds`, spread);
  }
  return { signal, spread };
}
