import type { Socket } from 'node:net';
import { assertAddon } from '../addon/binding.js';
import {
  CLOSED,
  NOT_CONNECTED,
  assertSocket,
  borrowed,
  hasEnded,
  isAccepted,
  missing,
  release,
  socketDescriptor,
} from '../socket/descriptor.js';
import { clearProfile, setProfile } from '../socket/kernel.js';
import { checked, type CheckedProfile, type KeepaliveProfile } from '../profile/profile.js';

// A property and not a WeakMap: http2 hands out a proxy of the socket, and both must lead to the same profile; so must two
// copies of this package.
const followed: unique symbol = Symbol.for('tcp-keepalive.profile') as never;
type FollowedSocket = Socket & { [followed]?: CheckedProfile | undefined };

/**
 * Puts a profile on one TCP connection: a `net.Socket`, a `tls.TLSSocket`, an http2 session's `socket`, the socket of a
 * request or of a `ws` client.
 *
 * @returns true when it is in the kernel. False when the socket is not connected yet: then it is applied in 'connect',
 * and a failure there destroys the socket with the error. Either way a client socket that connects again has it again.
 *
 * Every option of the profile is set, or an error is thrown and the socket is as it was. A socket that already holds the
 * profile is only read. Otherwise no probe is sent before one `initialDelay` has passed. What comes after that the kernel
 * judges by the silence since the peer was last heard: if that is longer than the user timeout, or if probes are
 * unanswered already, one unanswered probe, or none, ends the connection.
 *
 * Linux and macOS: five getsockopt and a setsockopt for each option that differs. Windows before 10.0.16299: one
 * SIO_KEEPALIVE_VALS, which allows a `count` of 10 only.
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
  assertSocket(socket);
  const wanted = checked(profile);
  const descriptor = socketDescriptor(socket);
  if (descriptor === NOT_CONNECTED) {
    assertAddon();
    follow(socket, wanted);
    return false;
  }
  if (descriptor < 0) throw missing(descriptor);
  try {
    setProfile(descriptor, wanted);
  } finally {
    release(descriptor);
  }
  if (!isAccepted(socket)) follow(socket, wanted);
  return true;
}

/**
 * Turns keepalive off, puts the user timeout back to the system's and forgets a profile that waits for 'connect' or for
 * a reconnect. The timing stays in the kernel, without effect. A socket that is closed or not connected is left alone.
 *
 * Use this and not `socket.setKeepAlive(false)`: Node skips a call that does not change what it set itself.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_NOT_TCP`, `ERR_KEEPALIVE_ADDON` for a connected socket, or the kernel's own
 * code with `errno`, `syscall` and `option`.
 *
 * @example
 * ```ts
 * disableKeepalive(socket);
 * ```
 */
export function disableKeepalive(socket: Socket): void {
  if (hasEnded(socket)) return;
  assertSocket(socket);
  const descriptor = socketDescriptor(socket);
  if (descriptor >= 0) borrowed(descriptor, clearProfile);
  else if (descriptor !== NOT_CONNECTED && descriptor !== CLOSED) throw missing(descriptor);
  forget(socket);
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
    if (descriptor < 0) throw missing(descriptor);
    borrowed(descriptor, () => setProfile(descriptor, profile));
  } catch (error) {
    this.destroy(error as Error);
  }
}
