import type { Socket } from 'node:net';
import {
  CLOSED,
  NOT_CONNECTED,
  borrowed,
  hasEnded,
  isAccepted,
  missing,
  realSocket,
  release,
  socketDescriptor,
} from '../socket/descriptor.js';
import { clearProfile, setProfile } from '../socket/kernel.js';
import { setPatiently } from './patience.js';
import { checked, type CheckedProfile, type KeepaliveProfile } from '../profile/profile.js';
import type { KeepaliveError } from '../util/errors.js';

// A property and not a WeakMap: two copies of this package must find the same profile.
const followed: unique symbol = Symbol.for('tcp-keepalive.profile') as never;
type FollowedSocket = Socket & { [followed]?: CheckedProfile | undefined };

/**
 * Puts a profile on one TCP connection: a `net.Socket`, a `tls.TLSSocket`, an http2 session's `socket`, the socket of a
 * request or of a `ws` client.
 *
 * @returns true when it is in the kernel. False when the socket is not connected yet: then it is applied in 'connect',
 * and a failure there destroys the socket with the error. Either way a client socket that connects again has it again. A
 * socket that only plays one in tests (nock, msw) emits 'connect' without a connection: false, and it is left alone.
 *
 * Every option of the profile is set, or an error is thrown and the socket is as it was. A socket that already holds the
 * profile is only read. Otherwise no probe is sent before one `initialDelay` has passed, and the profile counts from the
 * call: a peer that is alive has all of `count` probes to answer, however long it was silent before, and one that has
 * vanished is noticed within `detectionTime(profile)` of the call. Linux counts a new user timeout from when the peer was
 * last heard, and a new count from the last answer. So where that was more than 100 ms ago, the kernel is given as much
 * more (`readKeepalive` shows it); it is taken back within a third of an `initialDelay` after the peer is heard, or has
 * something to acknowledge. Data that was in flight already for longer than that is given up at its next
 * retransmission, which may be two minutes away. macOS and Windows do not tell how long a peer was silent.
 *
 * Linux and macOS: six getsockopt and a setsockopt for each option that differs. Windows before 10.0.16299: one
 * SIO_KEEPALIVE_VALS, which allows a `count` of 10 only.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_PROFILE`, `ERR_KEEPALIVE_CLOSED`, `ERR_KEEPALIVE_NOT_TCP`,
 * `ERR_KEEPALIVE_UNSUPPORTED`, or the kernel's own code with `errno`, `syscall` and `option`.
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
    follow(target, wanted);
    return false;
  }
  if (descriptor < 0) throw missing(descriptor);
  try {
    setPatiently(target, descriptor, wanted);
  } finally {
    release(descriptor);
  }
  if (!isAccepted(target)) follow(target, wanted);
  return true;
}

/**
 * Turns keepalive off, puts the user timeout back to the system's and forgets a profile that waits for 'connect' or for
 * a reconnect. The timing stays in the kernel, without effect. A socket that is closed or not connected is left alone.
 *
 * Use this and not `socket.setKeepAlive(false)`: Node skips a call that does not change what it set itself.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_NOT_TCP`, or the kernel's own code with `errno`, `syscall` and `option`.
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
  if (descriptor >= 0) borrowed(descriptor, clearProfile);
  else if (descriptor !== NOT_CONNECTED && descriptor !== CLOSED) throw missing(descriptor);
  forget(target);
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
    // Somebody plays a connection. If a real one comes of it, there is another 'connect'.
    if (descriptor === NOT_CONNECTED) return;
    if (descriptor < 0) throw missing(descriptor);
    borrowed(descriptor, () => setProfile(descriptor, profile));
  } catch (error) {
    // A connection that is dead already ends with an error of its own.
    if ((error as KeepaliveError).code !== 'ERR_KEEPALIVE_CLOSED') this.destroy(error as Error);
  }
}
