import { Server, Socket } from 'node:net';
import { binding, type Binding } from './binding.js';
import { KeepaliveError, invalidArgumentType } from './errors.js';

/** The part of Node's stream handles (`TCP`, `Pipe`, `TLSWrap`, `JSStream`) that this file relies on. */
export interface Handle {
  readonly fd?: number;
  /** The handle below a `TLSWrap`. */
  readonly _parent?: Handle | null;
  hasRef(): boolean;
  ref(): void;
  unref(): void;
}

interface WithHandle {
  readonly _handle?: Handle | null;
}

/** What {@link socketDescriptor} and {@link serverDescriptor} answer instead of a descriptor. */
export const NOT_CONNECTED = -1;
export const CLOSED = -2;
export const NOT_TCP = -3;

/** The descriptor of a connected socket, or {@link NOT_CONNECTED}, {@link CLOSED} or {@link NOT_TCP}. */
export function socketDescriptor(socket: Socket): number {
  const handle = (socket as unknown as WithHandle)._handle;
  // Node takes the handle away as it destroys the socket.
  if (handle === null || handle === undefined) return socket.destroyed || isAccepted(socket) ? CLOSED : NOT_CONNECTED;
  if (socket.connecting) return isTcp(transport(handle)) ? NOT_CONNECTED : NOT_TCP;
  const descriptor = handleDescriptor(handle);
  return descriptor === NOT_TCP && isTcp(transport(handle)) ? NOT_CONNECTED : descriptor;
}

/** The descriptor of a listening server, or {@link NOT_CONNECTED} or {@link NOT_TCP}. */
export function serverDescriptor(server: Server): number {
  const handle = (server as unknown as WithHandle)._handle;
  return handle === null || handle === undefined ? NOT_CONNECTED : handleDescriptor(handle);
}

/** Whether the socket came from a server, and so can never be connected again. */
export function isAccepted(socket: Socket): boolean {
  const { server } = socket as unknown as { server?: unknown };
  return server !== undefined && server !== null;
}

/** Throws `ERR_INVALID_ARG_TYPE`, or `ERR_KEEPALIVE_CLOSED` for the socket of an http2 session that has ended. */
export function assertSocket(socket: unknown): asserts socket is Socket {
  if (!isInstance(socket, Socket)) throw invalidArgumentType('socket', 'a net.Socket', socket);
}

/** As `instanceof`. The proxy that http2 hands out throws on any access once its session has ended. */
export function isInstance<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_HTTP2_SOCKET_UNBOUND') throw missing(CLOSED);
    throw error;
  }
}

/** The error for an answer of {@link socketDescriptor} or {@link serverDescriptor} that is not a descriptor. */
export function missing(answer: number): KeepaliveError {
  switch (answer) {
    case NOT_CONNECTED:
      return new KeepaliveError(
        'ERR_KEEPALIVE_NOT_CONNECTED',
        "There is nothing in the kernel to read yet: wait for the socket's 'connect' or the server's 'listening' event",
      );
    case CLOSED:
      return new KeepaliveError('ERR_KEEPALIVE_CLOSED', 'The socket is closed');
    default:
      return notTcp();
  }
}

/** For targets that the kernel, or a handle's type, says are no TCP socket. */
export function notTcp(details: ConstructorParameters<typeof KeepaliveError>[2] = {}): KeepaliveError {
  return new KeepaliveError(
    'ERR_KEEPALIVE_NOT_TCP',
    'The target does not carry one TCP connection of this process: it is a pipe, a Unix-domain socket, TLS over a stream that is no socket, or the server of a round-robin cluster worker (its listener is in the primary)',
    details,
  );
}

function handleDescriptor(handle: Handle): number {
  const { fd } = handle;
  if (fd !== undefined && fd >= 0) return fd;
  if (binding.findSocket === undefined || !isTcp(transport(handle))) return NOT_TCP;
  const socket = findSocket(binding.findSocket, transport(handle));
  return socket < 0 ? NOT_TCP : socket;
}

const foundSockets = new WeakMap<Handle, number>();

/** Windows: the SOCKET of a TCP handle, found by inverting its reference flag; -1 where it has none yet. */
export function findSocket(find: NonNullable<Binding['findSocket']>, handle: Handle): number {
  const known = foundSockets.get(handle);
  if (known !== undefined) return known;
  const found = find(() => {
    if (handle.hasRef()) handle.unref();
    else handle.ref();
  });
  if (found >= 0) foundSockets.set(handle, found);
  return found;
}

/** The handle at the bottom of any TLS layers. */
export function transport(handle: Handle): Handle {
  let bottom = handle;
  while (bottom._parent !== undefined && bottom._parent !== null) bottom = bottom._parent;
  return bottom;
}

function isTcp(handle: Handle): boolean {
  return handle.constructor.name === 'TCP';
}

/** Tells one listening of a server from the next, which may get the same descriptor; null where it does not listen. */
export function listeningIdentity(server: Server): object | null {
  return (server as unknown as WithHandle)._handle ?? null;
}
