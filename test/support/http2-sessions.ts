// Both ends of one HTTP/2 connection on loopback. All of it ends with the test.
import { once } from 'node:events';
import http2, {
  type ClientHttp2Session,
  type ClientSessionOptions,
  type Http2Server,
  type SecureClientSessionOptions,
  type ServerHttp2Session,
} from 'node:http2';
import net, { type Socket } from 'node:net';
import type { Test } from 'tap';
import certificate from './certificate.js';
import { listening } from './sockets';

export interface Sessions {
  readonly client: ClientHttp2Session;
  readonly accepted: ServerHttp2Session;
  readonly server: Http2Server;
}

/** A server that never ends a response, unless the test answers. */
export async function http2Server(t: Test, tls = false): Promise<{ server: Http2Server; url: string; port: number }> {
  const server = tls ? http2.createSecureServer(certificate) : http2.createServer();
  server.on('sessionError', () => undefined);
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  t.teardown(() => sessions.forEach((session) => session.destroy()));
  const port = await listening(t, server);
  return { server: server, port, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}` };
}

export async function http2Sessions(
  t: Test,
  options: ClientSessionOptions & SecureClientSessionOptions & { tls?: boolean } = {},
): Promise<Sessions> {
  const { server, url } = await http2Server(t, options.tls);
  const accepting = once(server, 'session') as Promise<[ServerHttp2Session]>;
  const client = http2.connect(url, { rejectUnauthorized: false, ...options });
  client.on('error', () => undefined);
  t.teardown(() => client.destroy());
  const [[accepted]] = await Promise.all([accepting, once(client, 'remoteSettings')]);
  return { client, accepted, server };
}

const frameTypes = { ping: 6, goaway: 7 };
const ack = 1;

/** A client that does nothing by itself: it says its settings, and its bytes are the test's. */
export async function rawHttp2(t: Test): Promise<{ raw: Socket; accepted: ServerHttp2Session; server: Http2Server }> {
  const { server, port } = await http2Server(t);
  const accepting = once(server, 'session') as Promise<[ServerHttp2Session]>;
  const raw = net.connect(port, '127.0.0.1').on('error', () => undefined);
  t.teardown(() => raw.destroy());
  raw.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, Buffer.alloc(0))]));
  const [[accepted]] = await Promise.all([accepting, once(raw, 'readable')]);
  return { raw, accepted, server };
}

export function frame(type: number | keyof typeof frameTypes, flags: number, payload: Buffer, stream = 0): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(typeof type === 'number' ? type : frameTypes[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The payloads of PING frames, without answers, as they arrive in a raw client. */
export function pingsTo(raw: Socket): Buffer[] {
  const pings: Buffer[] = [];
  let bytes = Buffer.alloc(0);
  raw.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const length = bytes.readUIntBE(0, 3);
      const isPing = bytes.readUInt8(3) === frameTypes.ping && (bytes.readUInt8(4) & ack) === 0;
      if (isPing) pings.push(bytes.subarray(9, 17));
      bytes = bytes.subarray(9 + length);
    }
  });
  return pings;
}

export const pong = (payload: Buffer): Buffer => frame('ping', ack, payload);
