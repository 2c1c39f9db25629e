// The WebSocket against a real server. undici's has all that the module needs of a page.
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { WebSocket } from 'undici';
import type { WebSocket as Accepted } from 'ws';
import { poll } from '../support/poll';
import { portOf, socketOf, webSocketServer } from '../support/web-sockets';

Object.assign(globalThis, { WebSocket }); // Node 20 has none
const browser = path.join(__dirname, '..', '..', 'dist', 'browser', 'index.mjs');
const load = async () => (await import(pathToFileURL(browser).href)) as typeof import('../../src/browser/index.mjs');
const quick = { timeout: 20_000, reconnectWithin: 50 };

void t.test('`send` throws as soon as the server has begun to close, and before it is open', async (t) => {
  const { LiveWebSocket } = await load();
  const server = await webSocketServer(t);
  const connection = once(server, 'connection') as Promise<[Accepted]>;
  const live = new LiveWebSocket(`ws://127.0.0.1:${portOf(server)}`, [], quick);
  t.teardown(() => live.close());
  t.throws(() => live.send('early'), { name: 'InvalidStateError', message: /connecting/ });
  const [accepted] = await connection;
  await poll('open', () => live.state === 'open');
  const received: string[] = [];
  accepted.on('message', (data) => received.push((data as Buffer).toString()));
  live.send('in time');
  await poll('a message', () => received.length === 1);
  // A close frame, after which the server keeps its TCP connection.
  const socket = socketOf(accepted);
  socket.write(Buffer.from([0x88, 2, 3, 0xe9]));
  socket.end = () => socket;
  socket.destroy = () => socket;
  t.teardown(() => {
    for (const name of ['end', 'destroy']) Reflect.deleteProperty(socket, name);
    socket.destroy();
  });
  let sent = 0;
  const refusal = () => {
    try {
      live.send(`late ${(sent += 1)}`);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  let error: unknown;
  await poll('a refusal', () => (error = refusal()) !== undefined);
  t.match(error, { name: 'InvalidStateError', message: /closing/ });
  await poll('all that was sent', () => received.length === sent);
  t.equal(live.state, 'open');
});

void t.test('a `url` function that throws: an error, and the next attempt', async (t) => {
  const { LiveWebSocket } = await load();
  const server = await webSocketServer(t);
  server.on('connection', (accepted: Accepted) => accepted.terminate());
  let calls = 0;
  const url = () => {
    calls += 1;
    if (calls === 2) throw new Error('storage denied');
    return `ws://127.0.0.1:${portOf(server)}`;
  };
  const live = new LiveWebSocket(url, [], quick);
  t.teardown(() => live.close());
  const errors: string[] = [];
  live.addEventListener('error', ({ detail }) => errors.push(detail));
  await poll('a third attempt', () => calls >= 3);
  t.match(errors, [/storage denied/]);
});

void t.test(
  'a `url` function that throws at first: the error is that of the constructor, and nothing is left',
  async (t) => {
    const { LiveWebSocket } = await load();
    let calls = 0;
    const url = () => {
      calls += 1;
      throw new Error('storage denied');
    };
    t.throws(() => new LiveWebSocket(url, [], { ...quick, connectTimeout: 50 }), { message: 'storage denied' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    t.equal(calls, 1);
  },
);
