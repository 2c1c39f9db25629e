import { Socket, type Server } from 'node:net';
import { Duplex } from 'node:stream';
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
  if (handle === null || handle === undefined) return socket.destroyed || wasSentAway(socket) ? CLOSED : NOT_CONNECTED;
  if (socket.connecting) return isTcp(transport(handle)) ? NOT_CONNECTED : NOT_TCP;
  const { fd } = handle; // once: it is a getter that costs 50 ns
  if (fd !== undefined && fd >= 0) return fd;
  if (isOverDestroyed(socket)) return CLOSED;
  const descriptor = handleDescriptor(handle);
  return descriptor === NOT_TCP && isTcp(transport(handle)) ? NOT_CONNECTED : descriptor;
}

/** The descriptor of a listening server, or {@link NOT_CONNECTED} or {@link NOT_TCP}. */
export function serverDescriptor(server: Server): number {
  const handle = (server as unknown as WithHandle)._handle;
  return handle === null || handle === undefined ? NOT_CONNECTED : handleDescriptor(handle);
}

/** Whether the socket can carry a TCP connection, as far as its handle tells. */
export function isTcpSocket(socket: Socket): boolean {
  const handle = (socket as unknown as WithHandle)._handle;
  return handle === null || handle === undefined || isTcp(transport(handle));
}

const noEvent = Symbol();
const ignore = (): void => undefined;

/** The socket itself, also behind the proxy that http2 hands out: an emitter answers itself. */
export function unproxied(socket: Socket): Socket {
  return socket.off(noEvent, ignore);
}

/** Whether the socket came from a server: nobody connects it again. */
export function isAccepted(socket: Socket): boolean {
  const { server } = socket as unknown as { server?: unknown };
  return server !== undefined && server !== null;
}

/** An accepted socket without a handle that nobody destroyed: child.send() took it. */
function wasSentAway(socket: Socket): boolean {
  const { _server } = socket as unknown as { _server?: unknown };
  return _server !== undefined && _server !== null;
}

/** TLS learns some turns later that the socket below it is gone. */
function isOverDestroyed(socket: Socket): boolean {
  const { _parent } = socket as unknown as { _parent?: Socket | null };
  return _parent?.destroyed === true;
}

/** Throws `ERR_INVALID_ARG_TYPE`, or `ERR_KEEPALIVE_CLOSED` for what http2 handed out as a socket and has ended. */
export function assertSocket(socket: unknown): asserts socket is Socket {
  const kind = kindOf(socket);
  if (kind === 'socket') return;
  throw kind === 'ended' ? missing(CLOSED) : invalidArgumentType('socket', 'a net.Socket', socket);
}

/** Whether http2 handed this out as a socket that has ended since. */
export function hasEnded(value: unknown): boolean {
  return kindOf(value) === 'ended';
}

function kindOf(value: unknown): 'socket' | 'ended' | 'other' {
  try {
    if (value instanceof Socket) return 'socket';
    // The `request.socket` of an http2 stream that has ended shows the stream.
    const isStream = value instanceof Duplex && 'rstCode' in value;
    return isStream && (value as { session?: unknown }).session === undefined ? 'ended' : 'other';
  } catch (error) {
    // The `socket` of an http2 session that has ended throws on any access.
    if ((error as NodeJS.ErrnoException).code === 'ERR_HTTP2_SOCKET_UNBOUND') return 'ended';
    throw error;
  }
}

/** The error for an answer of {@link socketDescriptor} or {@link serverDescriptor} that is not a descriptor. */
export function missing(answer: number, cause?: KeepaliveError): KeepaliveError {
  switch (answer) {
    case NOT_CONNECTED:
      return new KeepaliveError(
        'ERR_KEEPALIVE_NOT_CONNECTED',
        "There is nothing in the kernel to read yet: wait for the socket's 'connect' or the server's 'listening' event",
      );
    case CLOSED:
      return new KeepaliveError('ERR_KEEPALIVE_CLOSED', 'The socket is closed', { cause });
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
