import { Server, type Socket } from 'node:net';
import { KeepaliveError, invalidArgumentType } from '../util/errors.js';
import { CLOSED, HIDDEN, NOT_CONNECTED, NOT_TCP, type Handle, type Runtime } from './runtime.js';
import { bun } from './runtime-bun.js';
import { deno } from './runtime-deno.js';
import { node } from './runtime-node.js';
import { kindOf, unproxied } from '../util/unproxied.js';

export { CLOSED, NOT_CONNECTED } from './runtime.js';
export { hasEnded } from '../util/unproxied.js';

interface WithHandle {
  readonly _handle?: Handle | null;
}

/** Bun and Deno also have `versions.node`. */
function currentRuntime({ versions }: NodeJS.Process): Runtime {
  /* v8 ignore next 2 -- Bun and Deno: npm run matrix */
  if (versions['bun'] !== undefined) return bun;
  return versions['deno'] !== undefined ? deno : node;
}

const runtime = currentRuntime(process);

/** Must be called for every descriptor after its use. {@link borrowed} does so. */
export const { release } = runtime;

/** Uses a descriptor and releases it. Throws if there is no descriptor. */
export function borrowed<Result>(descriptor: number, use: (descriptor: number) => Result): Result {
  if (descriptor < 0) throw missing(descriptor);
  try {
    return use(descriptor);
  } finally {
    release(descriptor);
  }
}

/** Throws `ERR_KEEPALIVE_UNSUPPORTED` where not every connection of the process has a handle of `node:net`. */
export function assertAllReachable(): void {
  /* v8 ignore next -- Bun and Deno: npm run matrix */
  if (runtime.whyNotAll !== undefined) throw new KeepaliveError('ERR_KEEPALIVE_UNSUPPORTED', runtime.whyNotAll);
}

/** The descriptor of a connected socket, or one of the answers of `runtime.ts`. */
export function socketDescriptor(socket: Socket): number {
  const handle = (socket as unknown as WithHandle)._handle;
  if (handle === null || handle === undefined) return withoutHandle(socket);
  if (socket.connecting) return runtime.isTcp(transport(handle)) ? NOT_CONNECTED : NOT_TCP;
  const { fd } = handle; // read once: the getter takes 50 ns
  if (fd !== undefined && fd >= 0) return fd;
  return isOverDestroyed(socket) ? CLOSED : runtime.descriptorOf(transport(handle));
}

/** The descriptor of a listening server, or one of the answers of `runtime.ts`. */
export function serverDescriptor(server: Server): number {
  const handle = (server as unknown as WithHandle)._handle;
  return handle === null || handle === undefined ? NOT_CONNECTED : handleDescriptor(handle);
}

/** The handle of a socket that has a descriptor. */
export function socketHandle(socket: Socket): Handle {
  return transport((socket as unknown as { readonly _handle: Handle })._handle);
}

/** The descriptor of a handle that is connected or listens, or one of the answers of `runtime.ts`. */
export function handleDescriptor(handle: Handle): number {
  const { fd } = handle;
  return fd !== undefined && fd >= 0 ? fd : runtime.descriptorOf(transport(handle));
}

/** Node removes the handle when it destroys the socket. */
function withoutHandle(socket: Socket): number {
  if (socket.destroyed || wasSentAway(socket)) return CLOSED;
  /* v8 ignore next -- Bun: npm run matrix */
  return runtime.hasNoHandle(socket) ? HIDDEN : NOT_CONNECTED;
}

/** Whether the socket can carry a TCP connection, as far as its handle tells. */
export function isTcpSocket(socket: Socket): boolean {
  const handle = (socket as unknown as WithHandle)._handle;
  return handle === null || handle === undefined || runtime.isTcp(transport(handle));
}

/** Whether the socket came from a server. Such a socket never connects again. */
export function isAccepted(socket: Socket): boolean {
  const { server } = socket as unknown as { server?: unknown };
  return server !== undefined && server !== null;
}

/** An accepted socket that has no handle and was not destroyed: child.send() took the handle. */
function wasSentAway(socket: Socket): boolean {
  const { _server } = socket as unknown as { _server?: unknown };
  return _server !== undefined && _server !== null;
}

/** A TLS socket learns only some turns later that the socket below it is closed. */
function isOverDestroyed(socket: Socket): boolean {
  const { _parent } = socket as unknown as { _parent?: Socket | null };
  return _parent?.destroyed === true;
}

/**
 * The socket behind the proxy that http2 hands out, which can begin to throw at any moment. Throws as
 * {@link assertSocket} does.
 */
export function realSocket(socket: unknown): Socket {
  assertSocket(socket);
  return unproxied(socket);
}

/** Whether this is a socket; false for the proxy of an http2 session that has ended. */
export function isSocket(value: unknown): value is Socket {
  return kindOf(value) === 'socket';
}

/** Throws `ERR_INVALID_ARG_TYPE`, or `ERR_KEEPALIVE_CLOSED` for the socket of an http2 session that has ended. */
export function assertSocket(socket: unknown): asserts socket is Socket {
  const kind = kindOf(socket);
  if (kind === 'socket') return;
  throw kind === 'ended' ? missing(CLOSED) : invalidArgumentType('socket', 'a net.Socket', socket);
}

/** Throws `ERR_INVALID_ARG_TYPE`, or `ERR_KEEPALIVE_UNSUPPORTED` for a server that has no handle in this runtime. */
export function assertServer(server: unknown): asserts server is Server {
  if (!isServer(server)) throw invalidArgumentType('server', `a net.Server${serverBehind(server)}`, server);
}

/**
 * What to pass in place of a web framework's application: Express and Koa return a server from listen(), fastify has
 * `server`.
 */
function serverBehind(value: unknown): string {
  try {
    const { listen, server } = (value ?? {}) as { listen?: unknown; server?: unknown };
    if (server instanceof Server) return ': pass its "server" property';
    return typeof listen === 'function' ? ': pass what app.listen() returned' : '';
  } catch {
    return ''; // a getter or a proxy that throws
  }
}

/** Throws `ERR_KEEPALIVE_UNSUPPORTED` for a server that has no handle in this runtime. */
export function isServer(value: unknown): value is Server {
  if (kindOf(value) !== 'other') return false;
  if (value instanceof Server) return true;
  /* v8 ignore next -- Bun: npm run matrix */
  if (runtime.hasNoHandle(value)) throw missing(HIDDEN);
  return false;
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
    /* v8 ignore next 2 -- Bun and Deno: npm run matrix */
    case HIDDEN:
      return new KeepaliveError('ERR_KEEPALIVE_UNSUPPORTED', runtime.whyHidden);
    default:
      return notTcp();
  }
}

/** For targets that are not TCP sockets, as the kernel or the type of the handle says. */
export function notTcp(details: ConstructorParameters<typeof KeepaliveError>[2] = {}): KeepaliveError {
  return new KeepaliveError(
    'ERR_KEEPALIVE_NOT_TCP',
    'The target does not carry one TCP connection of this process: it is a pipe, a Unix-domain socket, TLS over a stream that is not a socket, or the server of a round-robin cluster worker (its listener is in the primary)',
    details,
  );
}

/** The handle at the bottom of any TLS layers. */
export function transport(handle: Handle): Handle {
  let bottom = handle;
  while (bottom._parent !== undefined && bottom._parent !== null) bottom = bottom._parent;
  return bottom;
}

/** Identifies one period of listening: the next may get the same descriptor. null if the server does not listen. */
export function listeningIdentity(server: Server): object | null {
  return (server as unknown as WithHandle)._handle ?? null;
}
