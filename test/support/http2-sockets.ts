// What http2 hands out as a socket, after its end.
import { once } from 'node:events';
import http2, { type Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import type { Test } from 'tap';
import { listening } from './sockets';

/** The `socket` of a session, and that of a request, both of which have ended: any access to the first throws. */
export async function endedHttp2Sockets(t: Test): Promise<Record<string, Socket>> {
  const server = http2.createServer();
  const port = await listening(t, server);
  const requested = once(server, 'request') as Promise<[Http2ServerRequest]>;
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session
    .request()
    .on('error', () => undefined)
    .end();
  const [request] = await requested;
  request.on('error', () => undefined);
  const sockets = { 'of a session': session.socket, 'of a request': request.socket };
  const closed = Promise.all([once(session, 'close'), once(request, 'close')]);
  session.destroy();
  await closed;
  return sockets;
}
