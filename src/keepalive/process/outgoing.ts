// Every outgoing TCP connection of a thread goes through `connect` or `connect6` of Node's one class of TCP handles:
// net, tls, http2, fetch, each address that autoSelectFamily tries, each reconnect. Methods are replaced there, so
// nothing shows on the objects of the application.
import { Socket } from 'node:net';
import { transport } from '../../socket/descriptor.js';
import type { Handle } from '../../socket/runtime.js';
import { override } from '../../util/override.js';

/** An outgoing connection, as a rule of `applyKeepaliveToProcess` gets it. */
export interface ConnectionTarget {
  /**
   * The host name that was connected to, or the address if there was no name. Where a socket object that had connected
   * to a name connects again to an address, Node still tells that name.
   */
  readonly host: string;
  readonly port: number;
  /** The address that answered. */
  readonly address: string;
  /** The local address that the caller asked for. undefined if the system chose it. */
  readonly localAddress: string | undefined;
}

/** The part that is used of a TCP handle and its prototype. */
export interface TcpHandle extends Handle {
  readonly owner?: Socket | undefined;
  connect: Connect;
  connect6: Connect;
  setKeepAlive(...args: unknown[]): number;
}

type Connect = (request: ConnectRequest, ...args: unknown[]) => number;

interface ConnectRequest {
  oncomplete?: ((...args: unknown[]) => void) | undefined;
  readonly address: string;
  readonly port: number;
  readonly localAddress?: string | null | undefined;
}

/** The prototype of this thread's TCP handles. */
export function tcpPrototype(): TcpHandle {
  const socket = new Socket();
  // Node starts to connect to an address only in the next tick, and not if the socket is destroyed by then.
  socket.connect(1, '127.0.0.1');
  const { _handle: handle } = socket as unknown as { readonly _handle: object };
  socket.destroy();
  return Object.getPrototypeOf(handle) as TcpHandle;
}

/** Calls `run` before a socket of this thread connects for the first time. Returns the function that cancels this. */
export function beforeFirstConnect(run: () => void): () => void {
  const restore = override(
    Socket.prototype as unknown as { connect(...args: unknown[]): Socket },
    'connect',
    (original) => {
      return function (this: Socket, ...args) {
        restore();
        run();
        return original.apply(this, args);
      };
    },
  );
  return restore;
}

/**
 * Calls `connected` for each connection that is made, before Node emits 'connect'. Returns the function that stops
 * this.
 */
export function onConnected(
  prototype: TcpHandle,
  connected: (handle: TcpHandle, target: ConnectionTarget) => void,
): () => void {
  const owners = new WeakMap<Handle, Socket>();
  const connect = (original: Connect): Connect =>
    function (this: TcpHandle, request, ...args) {
      const { oncomplete } = request;
      const completed = (status: unknown, ...rest: unknown[]): void => {
        try {
          if (status === 0) connected(this, targetOf(request, owners.get(this) ?? this.owner));
        } finally {
          if (oncomplete !== undefined) Reflect.apply(oncomplete, request, [status, ...rest]);
        }
      };
      request.oncomplete = completed;
      return original.call(this, request, ...args);
    };
  const restores = [
    override(prototype, 'connect', connect),
    override(prototype, 'connect6', connect),
    onNextHandle((socket, handle) => owners.set(handle, socket)),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

function targetOf({ address, port, localAddress }: ConnectRequest, socket: Socket | undefined): ConnectionTarget {
  const { _host: name } = (socket ?? {}) as { readonly _host?: string | null };
  return { host: name ?? address, port, address, localAddress: localAddress ?? undefined };
}

/** With autoSelectFamily, a socket gets another handle for its next address. With TLS, that handle has no `owner`. */
function onNextHandle(seen: (socket: Socket, handle: Handle) => void): () => void {
  const prototype = Socket.prototype as unknown as Record<symbol, (this: Socket, handle: Handle) => void>;
  const name = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === 'kReinitializeHandle');
  /* v8 ignore next -- every Node has it */
  if (name === undefined) return () => undefined;
  return override(prototype, name, (original) => {
    return function (handle) {
      seen(this, transport(handle));
      original.call(this, handle);
    };
  });
}
