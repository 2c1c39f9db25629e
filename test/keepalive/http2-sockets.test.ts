// What http2 handed out as a socket, at every moment of its end.
import { once } from 'node:events';
import http from 'node:http';
import http2, { type ClientHttp2Session, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2';
import net, { type Socket } from 'node:net';
import t, { type Test } from 'tap';
import {
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToAll,
  applyKeepaliveToServer,
  disableKeepalive,
  lastHeard,
  readKeepalive,
  readTcpInfo,
} from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { poll } from '../support/poll';
import { profile } from '../support/profiles';
import { listening } from '../support/sockets';

interface Ends {
  readonly client: ClientHttp2Session;
  readonly server: ServerHttp2Session;
  readonly request: Http2ServerRequest;
}

/** An http2 connection with one request on it. */
async function connection(t: Test): Promise<Ends> {
  const server = http2.createServer();
  const port = await listening(t, server);
  const requested = once(server, 'request') as Promise<[Http2ServerRequest]>;
  const accepting = once(server, 'session') as Promise<[ServerHttp2Session]>;
  const client = http2.connect(`http://127.0.0.1:${port}`);
  client
    .request()
    .on('error', () => undefined)
    .end()
    .resume();
  const [[session], [request]] = await Promise.all([accepting, requested]);
  for (const end of [client, session, request]) end.on('error', () => undefined);
  t.teardown(() => client.destroy());
  return { client, server: session, request };
}

/** Answers, or throws what its documentation says of a socket that is closed. */
const calls: Record<string, (socket: Socket) => unknown> = {
  applyKeepalive: (socket) => applyKeepalive(socket, profile),
  disableKeepalive,
  readKeepalive,
  readTcpInfo,
  lastHeard,
};

/** Takes no socket. */
const refusals: Record<string, (socket: unknown) => unknown> = {
  applyKeepaliveToAgent: (socket) => applyKeepaliveToAgent(socket as http.Agent, profile),
  applyKeepaliveToServer: (socket) => applyKeepaliveToServer(socket as net.Server, profile),
};

/** An agent that is handed such a socket, and a server. Answers what could not be done. */
function handedOver(): { toAgent: (socket: Socket) => unknown; toServer: (socket: Socket) => unknown } {
  const agent = Object.assign(new http.Agent(), { createConnection: (socket: Socket) => socket });
  applyKeepaliveToAgent(agent, profile);
  const server = net.createServer();
  const errors: Error[] = [];
  applyKeepaliveToServer(server, profile, { onError: (error) => void errors.push(error) });
  return {
    toAgent: (socket) => void agent.createConnection(socket),
    toServer: (socket) => {
      server.emit('connection', socket);
      if (errors.length > 0) throw errors.pop()!;
    },
  };
}

const ways: Record<string, (ends: Ends) => void> = {
  'the client session is closed': ({ client }) => client.close(),
  'the client session is destroyed': ({ client }) => client.destroy(),
  'the server session is closed': ({ server }) => server.close(),
  'the server session is destroyed': ({ server }) => server.destroy(new Error('mine')),
  'the stream is reset': ({ request }) => request.stream.close(http2.constants.NGHTTP2_CANCEL),
};

for (const [way, end] of Object.entries(ways)) {
  void t.test(`${way}: an answer, or that it is closed, at every moment`, async (t) => {
    const ends = await connection(t);
    const { toAgent, toServer } = handedOver();
    const sockets = [ends.client.socket, ends.server.socket, ends.request.socket];
    const codes = new Set<string>();
    const look = (): void => {
      for (const socket of sockets) {
        for (const [name, call] of Object.entries({ ...calls, ...refusals, toAgent, toServer })) {
          codes.add(`${name}: ${outcome(() => call(socket))}`);
        }
      }
    };
    look();
    for (const emitter of [ends.client, ends.server, ends.request.stream]) emitter.once('close', look);
    end(ends);
    for (let turn = 0; turn < 20; turn += 1) {
      look();
      process.nextTick(look);
      queueMicrotask(look);
      await new Promise((resolve) => setImmediate(resolve));
    }
    ends.client.destroy();
    const isClosed = (socket: Socket) => outcome(() => readKeepalive(socket)) === 'ERR_KEEPALIVE_CLOSED';
    await poll('all closed', () => sockets.every(isClosed));
    look();
    t.match(await applyKeepaliveToAll(sockets, profile), { applied: 0, skipped: 3, failed: [] });

    const expected = [
      ...Object.keys(calls).map((name) => `${name}: ok`),
      ...Object.keys(calls)
        .filter((name) => name !== 'disableKeepalive')
        .map((name) => `${name}: ERR_KEEPALIVE_CLOSED`),
      ...Object.keys(refusals).map((name) => `${name}: ERR_INVALID_ARG_TYPE`),
      'toAgent: ok',
      'toServer: ok',
    ];
    t.strictSame([...codes].sort(), expected.sort());
  });
}

function outcome(call: () => unknown): string {
  try {
    call();
    return 'ok';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

void t.test('a session that ends while the profile is read', async (t) => {
  const { client } = await connection(t);
  const { socket } = client;
  const closed = once(client, 'close');
  const ending = {
    ...profile,
    get count() {
      client.destroy();
      return 5;
    },
  };
  t.match(
    outcome(() => applyKeepalive(socket, ending)),
    /^(ok|ERR_KEEPALIVE_CLOSED)$/,
  );
  await closed;
});

void t.test('600 sessions, of which one has ended and one ends meanwhile: both are skipped', async (t) => {
  const server = http2.createServer();
  const port = await listening(t, server);
  const sessions: ClientHttp2Session[] = [];
  t.teardown(() => sessions.forEach((session) => session.destroy()));
  while (sessions.length < 600) {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    await once(session, 'connect');
    sessions.push(session);
  }
  const sockets = sessions.map(({ socket }) => socket);
  const [ended, ends] = [sessions[0]!, sessions[599]!];
  const closed = once(ended, 'close');
  ended.destroy();
  await closed;

  const often = { initialDelay: 2_000, interval: 2_000, count: 5 }; // spread over a fifth of a second
  const done = applyKeepaliveToAll(sockets, often);
  done.catch(() => undefined);
  while (held(sockets[1]!)[0] === 0) await new Promise((resolve) => setImmediate(resolve));
  t.equal(held(sockets[599]!)[0], 0);
  ends.destroy();
  t.strictSame(await done, { applied: 598, skipped: 2, failed: [] });
  t.strictSame(sockets.slice(1, 599).map(held), Array(598).fill(heldBy(often)));
});
