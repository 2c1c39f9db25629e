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
  socketHandle,
} from '../socket/descriptor.js';
import { clearProfile } from '../socket/kernel.js';
import { setPatiently } from './patience.js';
import { checked, type CheckedProfile, type KeepaliveProfile } from '../profile/profile.js';
import type { KeepaliveError } from '../util/errors.js';

// A property instead of a WeakMap, so that two copies of this package find the same profile.
const followed: unique symbol = Symbol.for('tcp-keepalive.profile') as never;
type FollowedSocket = Socket & { [followed]?: CheckedProfile | undefined };

/**
 * Applies a profile to one TCP connection: a `net.Socket`, a `tls.TLSSocket`, the `socket` of an http2 session or of a
 * request, the `_socket` of a `ws` client.
 *
 * Returns true when the kernel holds the profile. Returns false when the socket is not connected yet: then it is
 * applied in 'connect', before other listeners, and a failure there destroys the socket with the error. When a client
 * socket connects again, the profile is applied again. A mocked socket (nock, msw) is left alone, and the result is
 * false.
 *
 * All or nothing: either every option is set, or an error is thrown and the connection goes on as before. After an
 * error, a socket whose keepalive is off may hold another timing, which has no effect while it is off; nothing else has
 * changed. A socket that holds the profile already is only read.
 *
 * The profile counts from the call: no probe is sent before one `initialDelay` has passed, a live peer has all of
 * `count` probes to answer, and a vanished one is noticed within `detectionTime(profile)`. Linux by itself also counts
 * the silence before the call. So for a peer that has been silent for long, the kernel is given a longer user timeout
 * or a higher count, which `readKeepalive` shows. It is reduced to that of the profile within a third of an
 * `initialDelay` after the peer was heard or data was sent. If data was already being retransmitted, it is sent once
 * more after the time of the last probe, and the peer has a second to acknowledge it. That can be later than the last
 * probe by the time that the data was in flight before the call, at most two minutes. macOS and Windows do not tell how
 * long a peer was silent. macOS is given the highest count until the probes of the profile have gone out, and can
 * notice a peer that vanished before the call one `interval` later than `detectionTime` says (by its sources; never run
 * there).
 *
 * Cost on Linux: two getsockopt and five setsockopt if keepalive is off, five getsockopt if the socket holds the
 * profile, else six getsockopt, one setsockopt for each option that differs, and two that pause keepalive where its
 * timer has to start anew. Windows before 10.0.16299 makes one SIO_KEEPALIVE_VALS, which allows a `count` of 10 only.
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
    setPatiently(socketHandle(target), descriptor, wanted);
  });
  if (!isAccepted(target)) follow(target, wanted);
  return true;
}

/**
 * Turns keepalive off, resets the user timeout to the system's default, and forgets a profile that waits for 'connect'.
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

/** A connection that is dead but not closed yet is left alone: it ends by itself. */
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
    borrowed(descriptor, () => setPatiently(socketHandle(this), descriptor, profile));
  } catch (error) {
    // A connection that is already dead ends with its own error.
    if ((error as KeepaliveError).code !== 'ERR_KEEPALIVE_CLOSED') this.destroy(error as Error);
  }
}
