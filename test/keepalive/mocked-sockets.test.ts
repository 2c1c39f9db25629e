// Sockets that carry no connection, as nock, msw and other interceptors hand to requests: users' own tests must run.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { HttpResponse, http as mocked } from 'msw';
import { setupServer } from 'msw/node';
import t from 'tap';
import { applyKeepalive, applyKeepaliveToAgent, applyKeepaliveToAll, disableKeepalive } from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { listening, owned } from '../support/sockets';

interface Interceptor {
  readonly name: string;
  /** Every GET of this URL answers 'mocked'; other requests are passed on. */
  readonly intercept: (url: string) => void | Promise<void>;
  readonly restore: () => void;
}

const mswServer = setupServer();
const interceptors: Interceptor[] = [
  {
    name: 'nock',
    intercept: async (url) => {
      const nock = await loadNock();
      if (!nock.isActive()) nock.activate();
      nock(new URL(url).origin).persist().get('/').reply(200, 'mocked');
    },
    restore: () => void loadNock().then((nock) => nock.restore()),
  },
  {
    name: 'msw',
    intercept: (url) => {
      mswServer.listen({ onUnhandledRequest: 'bypass' });
      mswServer.use(mocked.get(url, () => new HttpResponse('mocked')));
    },
    restore: () => mswServer.close(),
  },
];

async function loadNock(): Promise<typeof import('nock').default> {
  // nock 15 needs what Node 20 lacks, though it says that it runs there.
  (Promise as { withResolvers?: unknown }).withResolvers ??= () => {
    let settle;
    const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
    return { promise, ...(settle as unknown as object) };
  };
  return (await import('nock')).default;
}

async function answerTo(request: http.ClientRequest): Promise<{ body: string; socket: Socket }> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return { body: await text(response), socket: response.socket };
}

for (const { name, intercept, restore } of interceptors) {
  for (const [scheme, module] of Object.entries({ http, https })) {
    void t.test(`${name}, ${scheme}: the request is answered`, async (t) => {
      const url = `${scheme}://device.example/`;
      await intercept(url);
      t.teardown(restore);
      const { get, Agent } = module; // as they are now
      const agent = new Agent({ keepAlive: true });
      t.teardown(() => agent.destroy());

      const onSocket = get(url, { agent });
      const applied: boolean[] = [];
      onSocket.on('socket', (socket: Socket) => {
        applied.push(applyKeepalive(socket, profile), applyKeepalive(socket, other));
        socket.once('connect', () => applied.push(applyKeepalive(socket, profile)));
      });
      const { body, socket } = await answerTo(onSocket);
      t.equal(body, 'mocked', 'with applyKeepalive on its socket');
      t.strictSame(applied, [false, false, false]);
      t.doesNotThrow(() => disableKeepalive(socket));

      const tuned = applyKeepaliveToAgent(agent, profile);
      for (const time of ['the first', 'the second']) {
        t.equal((await answerTo(get(url, { agent }))).body, 'mocked', `with applyKeepaliveToAgent, ${time} time`);
      }
      const both = get(url, { agent });
      both.on('socket', (socket: Socket) => void applyKeepaliveToAll([socket], other));
      t.equal((await answerTo(both)).body, 'mocked', 'with applyKeepaliveToAll as well');
      tuned.update(other);
    });
  }

  void t.test(`${name}: a request that is passed on has the profile`, async (t) => {
    await intercept('http://device.example/');
    t.teardown(restore);
    const port = await listening(
      t,
      http.createServer((_request, response) => void response.end('real')),
    );
    const agent = new http.Agent();
    applyKeepaliveToAgent(agent, profile);
    const request = http.get({ agent, port, host: '127.0.0.1' });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    t.strictSame(held(response.socket), heldBy(profile));
    t.equal(await text(response), 'real');
  });
}

/** Says that it is connected, but there is no handle. */
class Played extends net.Socket {
  override connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }
}

void t.test('a socket that never has a handle is left alone, at every moment', async (t) => {
  const socket = owned(t, new Played());
  t.equal(applyKeepalive(socket, profile), false, 'before connect');
  socket.connect();
  await once(socket, 'connect');
  t.equal(applyKeepalive(socket, other), false, 'after it');
  t.strictSame(await applyKeepaliveToAll([socket], profile), { applied: 1, skipped: 0, failed: [] });
  socket.connect();
  await once(socket, 'connect');
  t.equal(socket.destroyed, false);
  t.equal(socket.listenerCount('connect'), 1, 'one listener, however often');
  disableKeepalive(socket);
  t.equal(socket.listenerCount('connect'), 0);
});
