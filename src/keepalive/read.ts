import type { Server, Socket } from 'node:net';
import { isServer, missing, realSocket, release, serverDescriptor, socketDescriptor } from '../socket/descriptor.js';
import { getSettings, type KeepaliveSettings } from '../socket/kernel.js';

/**
 * What the kernel holds now for a connected socket or a listening server (`net`, `tls`, `http`, `https`, `http2`).
 *
 * Throws `ERR_KEEPALIVE_NOT_CONNECTED` before 'connect' or 'listening', `ERR_KEEPALIVE_CLOSED`, `ERR_KEEPALIVE_NOT_TCP`
 * (also for the server of a round-robin cluster worker, whose listener is in the primary), `ERR_KEEPALIVE_UNSUPPORTED`
 * (Windows before 10.0.16299 cannot be read), `ERR_INVALID_ARG_TYPE`, or the kernel's own code.
 *
 * @example
 * ```ts
 * const { enabled, userTimeout }: KeepaliveSettings = readKeepalive(socket);
 * ```
 */
export function readKeepalive(target: Socket | Server): KeepaliveSettings {
  const descriptor = descriptorOf(target);
  if (descriptor < 0) throw missing(descriptor);
  try {
    return getSettings(descriptor);
  } finally {
    release(descriptor);
  }
}

function descriptorOf(target: Socket | Server): number {
  return isServer(target) ? serverDescriptor(target) : socketDescriptor(realSocket(target));
}
