// Real connections for one test: everything opened here is closed with the test.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import certificate from './certificate.js';

export interface Pair<S extends Socket = Socket> {
  readonly client: S;
  readonly accepted: S;
  readonly server: Server;
}

/** Closes a socket or server with the test. A reset that a test provokes is not an unhandled 'error'. */
export function owned<T extends Socket | Server>(t: Test, target: T): T {
  if (target instanceof net.Socket) target.on('error', () => undefined);
  t.teardown(() => (target instanceof net.Socket ? void target.destroy() : void target.close()));
  return target;
}

export async function listening(t: Test, server: Server, options: net.ListenOptions = {}): Promise<number> {
  owned(t, server).listen({ host: '127.0.0.1', port: 0, ...options });
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The port of a server that listens, or is about to. */
export async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The connections that a server will accept of a server; both end with the test. */
export function accepted(t: Test, server: Server): Socket[] {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

export async function tcpPair(t: Test, host = '127.0.0.1', options: net.ServerOpts = {}): Promise<Pair> {
  const server = net.createServer(options);
  const port = await listening(t, server, { host });
  const client = owned(t, net.connect({ host, port }));
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  return { client, accepted: owned(t, accepted), server };
}

export async function tlsPair(t: Test): Promise<Pair<TLSSocket>> {
  const server = tls.createServer(certificate);
  const port = await listening(t, server);
  const client = owned(t, tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false }));
  const accepting = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const [[accepted]] = await Promise.all([accepting, once(client, 'secureConnect')]);
  return { client, accepted: owned(t, accepted), server };
}

/** A path that is short enough for a Unix-domain socket. */
export function unixPath(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return join(folder, 'socket');
}

export async function unixPair(t: Test): Promise<Pair> {
  const server = net.createServer();
  const path = unixPath(t);
  owned(t, server).listen(path);
  await once(server, 'listening');
  const client = owned(t, net.connect(path));
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  return { client, accepted: owned(t, accepted), server };
}
