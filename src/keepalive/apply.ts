import type { Socket } from 'node:net';
import { assertAddon } from '../addon/binding.js';
import {
  CLOSED,
  NOT_CONNECTED,
  borrowed,
  hasEnded,
  isAccepted,
  realSocket,
  socketDescriptor,
} from '../socket/descriptor.js';
import { clearProfile, setProfile } from '../socket/kernel.js';
import { setPatiently } from './patience.js';
import { checked, type CheckedProfile, type KeepaliveProfile } from '../profile/profile.js';
import type { KeepaliveError } from '../util/errors.js';

// A property instead of a WeakMap, so that two copies of this package find the same profile.
const followed: unique symbol = Symbol.for('tcp-keepalive.profile') as never;
type FollowedSocket = Socket & { [followed]?: CheckedProfile | undefined };

/**
 * Puts a profile on one TCP connection: a `net.Socket`, a `tls.TLSSocket`, the `socket` of an http2 session or of a
 * request, the `_socket` of a `ws` client.
 *
 * Returns true when the kernel holds the profile. Returns false when the socket is not connected yet: then it is
 * applied in 'connect', before other listeners, and a failure there destroys the socket with the error. When a client
 * socket connects again, the profile is applied again. A mocked socket (nock, msw) is left alone, and the result is
 * false.
 *
 * All or nothing: either every option is set, or an error is thrown and the connection goes on as before: its socket is as
 * it was, save that one whose keepalive is off may be left with another timing, which has no effect then. A socket that
 * holds the profile already is only read.
 *
 * The profile counts from the call: no probe is sent before one `initialDelay` has passed, a live peer has all of
 * `count` probes to answer, and a vanished one is noticed within `detectionTime(profile)`. Linux by itself counts the
 * silence before the call too. So for a peer that has been silent for long, the kernel is given a longer user timeout,
 * or a higher count, as `readKeepalive` shows; it is reduced to the profile's within a third of an `initialDelay` after
 * the peer was heard or was sent data. Data that Linux has retransmitted before the call is sent once more after the time
 * of the last probe, which can be as much later as it was in flight before (two minutes at most), and has a second to be
 * acknowledged. macOS and Windows do not tell how long a peer was silent. macOS is given the highest count until the
 * profile's probes have gone out, and can notice a peer that vanished before the call one `interval` later than
 * `detectionTime` says.
 *
 * Cost on Linux: two getsockopt and five setsockopt where keepalive is off, else six getsockopt and a setsockopt for each
 * option that differs. Windows before 10.0.16299 makes one SIO_KEEPALIVE_VALS, which allows a `count` of 10 only.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_PROFILE`, `ERR_KEEPALIVE_CLOSED`, `ERR_KEEPALIVE_NOT_TCP`,
 * `ERR_KEEPALIVE_UNSUPPORTED`, `ERR_KEEPALIVE_ADDON`, or the kernel's own code with `errno`, `syscall` and `option`.
 *
 * @example
 * ```ts
 * applyKeepalive(socket, profiles.presence); // true: it is in the kernel
 * ```
 */
export function applyKeepalive(socket: Socket, profile: KeepaliveProfile): boolean {
  const target = realSocket(socket);
  const wanted = checked(profile);
  const descriptor = socketDescriptor(target);
  if (descriptor === NOT_CONNECTED) {
    assertAddon();
    follow(target, wanted);
    return false;
  }
  borrowed(descriptor, () => {
    setPatiently(target, descriptor, wanted);
  });
  if (!isAccepted(target)) follow(target, wanted);
  return true;
}

/**
 * Turns keepalive off, sets the user timeout back to the system's, and forgets a profile that waits for 'connect'.
 *
 * Use this instead of `socket.setKeepAlive(false)`: Node skips a call that does not change what it set itself. The
 * timing stays in the kernel, without effect. A socket that is closed or not connected is left alone.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_NOT_TCP`, `ERR_KEEPALIVE_ADDON` for a connected socket, or the kernel's
 * own code with `errno`, `syscall` and `option`.
 *
 * @example
 * ```ts
 * disableKeepalive(socket);
 * ```
 */
export function disableKeepalive(socket: Socket): void {
  if (hasEnded(socket)) return;
  const target = realSocket(socket);
  const descriptor = socketDescriptor(target);
  if (descriptor !== NOT_CONNECTED && descriptor !== CLOSED) borrowed(descriptor, clearUnlessDead);
  forget(target);
}

/** A connection that is dead, but not closed here yet, is left to its own end. */
function clearUnlessDead(descriptor: number): void {
  try {
    clearProfile(descriptor);
  } catch (error) {
    if ((error as KeepaliveError).code !== 'ERR_KEEPALIVE_CLOSED') throw error;
  }
}

function follow(socket: FollowedSocket, profile: CheckedProfile): void {
  const known = socket[followed] !== undefined && socket.listenerCount('connect', applyOnConnect) > 0;
  socket[followed] = profile;
  if (!known) socket.prependListener('connect', applyOnConnect);
}

function forget(socket: FollowedSocket): void {
  if (socket[followed] === undefined) return;
  socket[followed] = undefined;
  socket.removeListener('connect', applyOnConnect);
}

function applyOnConnect(this: FollowedSocket): void {
  const profile = this[followed];
  if (profile === undefined) return;
  try {
    const descriptor = socketDescriptor(this);
    // A mocked connection. If a real one follows, there is another 'connect'.
    if (descriptor === NOT_CONNECTED) return;
    borrowed(descriptor, () => setProfile(descriptor, profile));
  } catch (error) {
    // A connection that is dead already ends with its own error.
    if ((error as KeepaliveError).code !== 'ERR_KEEPALIVE_CLOSED') this.destroy(error as Error);
  }
}
