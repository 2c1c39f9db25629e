// On real sockets, responses, `ws` clients and the `eventsource` package.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import t, { type Test } from 'tap';
import { KeepaliveError } from 'tcp-keepalive';
import { SilenceWatchdog, type SilenceWatchdogOptions } from 'tcp-keepalive/heartbeat';
import { within } from '../../../examples/lib/deadline.js';
import { endedHttp2Sockets } from '../../support/http2-sockets';
import { poll } from '../../support/poll';
import { listening, owned, tcpPair, tlsPair } from '../../support/sockets';
import { spin } from '../../support/spin';
import { caught } from '../../support/uncaught';
import { frameHead, open, openRaw, portOf, socketOf, webSocketServer } from '../../support/web-sockets';

const timeout = 400;
const slow = 10_000;
const headers = { 'content-type': 'text/event-stream' };

interface Silence {
  readonly silentFor: number;
  readonly error: KeepaliveError;
}

function watchdog(t: Test, options: Partial<SilenceWatchdogOptions> = {}) {
  const silences: Silence[] = [];
  const onSilence = (silentFor: number, error: KeepaliveError) => silences.push({ silentFor, error });
  const dog = new SilenceWatchdog({ timeout, onSilence, ...options });
  t.teardown(() => dog.stop());
  return { dog, silences };
}

/** Speaks every 100 ms for longer than the timeout, after which all must be well; then the silence is to be noticed. */
async function spokenTo(
  t: Test,
  speak: () => unknown,
  silences: readonly Silence[],
  ended: Promise<unknown>,
): Promise<unknown> {
  const speaking = setInterval(speak, 100);
  t.teardown(() => clearInterval(speaking));
  await delay(3 * timeout);
  t.strictSame(silences, [], 'while it is spoken to');
  clearInterval(speaking);
  const since = performance.now();
  const answer = await within(slow, 'its end', ended);
  const took = performance.now() - since;
  t.equal(silences.length, 1);
  const { silentFor, error } = silences[0]!;
  t.ok(silentFor >= timeout && silentFor < took + 200, `silent for ${silentFor} ms, noticed after ${took} ms`);
  t.match(error, { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_SILENCE', message: /\d ms/ });
  t.ok(error instanceof KeepaliveError, 'of the one class');
  return answer;
}

function errorOf(stream: NodeJS.EventEmitter): Promise<unknown> {
  return new Promise((resolve) => stream.once('error', resolve));
}

for (const [name, pair] of Object.entries({ net: tcpPair, tls: tlsPair })) {
  void t.test(`a ${name} socket, whose own writes are not a sign of life`, async (t) => {
    const { client, accepted } = await pair(t);
    accepted.resume();
    client.resume();
    const { dog, silences } = watchdog(t);
    t.equal(dog.watch(client), client);
    const writing = setInterval(() => !client.destroyed && client.write('to nobody'), 50);
    t.teardown(() => clearInterval(writing));
    const error = await spokenTo(t, () => accepted.write('x'), silences, errorOf(client));
    t.equal(error, silences[0]!.error, 'destroyed with it');
    t.ok(client.destroyed);
    t.notOk(Object.hasOwn(client, 'push'), 'its `push` is its own again');
  });
}

void t.test('a socket that is not read yet loses no data', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  let spoken = 0;
  const speaking = setInterval(() => (spoken += 1) && accepted.write('x'), 100);
  t.teardown(() => clearInterval(speaking));
  await delay(3 * timeout);
  t.equal(client.readableFlowing, null, 'it does not flow');
  t.strictSame(silences, []);
  clearInterval(speaking);
  await poll('all', () => client.readableLength === spoken);
});

/** A socket with `onread`, which has no buffer. */
async function onreadPair(t: Test, callback: () => boolean) {
  const server = net.createServer();
  const port = await listening(t, server);
  const connection = once(server, 'connection') as Promise<[net.Socket]>;
  const onread = { buffer: Buffer.alloc(64), callback };
  const client = owned(t, net.connect({ port, host: '127.0.0.1', onread }));
  const [accepted] = await connection;
  return { client, accepted: owned(t, accepted) };
}

void t.test('a socket with `onread`', async (t) => {
  const { client, accepted } = await onreadPair(t, () => true);
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  await spokenTo(t, () => accepted.write('x'), silences, errorOf(client));
});

for (const how of ['by `pause`', 'by its callback'] as const) {
  void t.test(`a socket with \`onread\` that the application has paused ${how}: the time does not count`, async (t) => {
    let calls = 0;
    const { client, accepted } = await onreadPair(t, () => (calls += 1) > 1 || how === 'by `pause`');
    accepted.write('x');
    await poll('data', () => calls === 1);
    if (how === 'by `pause`') client.pause();
    const { dog, silences } = watchdog(t);
    dog.watch(client);
    await delay(3 * timeout);
    t.strictSame(silences, []);
    client.resume();
    await within(slow, 'its end', errorOf(client));
    t.equal(silences.length, 1);
  });
}

void t.test('while the application does not read and the buffer is full, the time does not count', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  accepted.write(Buffer.alloc(1 << 20));
  await poll('full', () => client.readableLength >= client.readableHighWaterMark);
  await delay(3 * timeout);
  t.strictSame(silences, []);
  client.resume();
  await within(slow, 'its end', errorOf(client));
  t.equal(silences.length, 1);
});

void t.test('the response of an http request', async (t) => {
  const { dog, silences } = watchdog(t);
  const server = http.createServer((_, response) => {
    response.writeHead(200, headers).flushHeaders();
    opened(response);
  });
  let opened: (response: ServerResponse) => void;
  const accepted = new Promise<ServerResponse>((resolve) => (opened = resolve));
  const port = await listening(t, server);
  const request = http.get({ host: '127.0.0.1', port, agent: false });
  const [body] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => undefined);
  const response = await accepted;
  dog.watch(body).resume();
  const error = await spokenTo(t, () => response.write(':\n\n'), silences, errorOf(body));
  t.equal(error, silences[0]!.error);
  t.ok(body.destroyed);
});

void t.test('a stream of http2', async (t) => {
  const server = http2.createServer();
  const port = await listening(t, server);
  const accepted = once(server, 'stream') as Promise<[http2.ServerHttp2Stream]>;
  const session = http2.connect(`http://127.0.0.1:${port}`);
  t.teardown(() => session.destroy());
  const request = session.request();
  const [stream] = await accepted;
  stream.on('error', () => undefined).respond(headers);
  const { dog, silences } = watchdog(t);
  dog.watch(request).resume();
  const error = await spokenTo(t, () => stream.destroyed || stream.write(':\n\n'), silences, errorOf(request));
  t.equal(error, silences[0]!.error);
});

for (const kind of ['send', 'ping', 'pong'] as const) {
  void t.test(`a client of ws: ${kind}`, async (t) => {
    const server = await webSocketServer(t);
    const { client, accepted } = await open(t, server);
    const { dog, silences } = watchdog(t);
    dog.watch(client);
    const closed = once(client, 'close');
    await spokenTo(t, () => accepted[kind]('x'), silences, closed);
    t.strictSame((await closed)[0], 1006);
    for (const event of ['open', 'message', 'ping', 'pong']) t.equal(client.listenerCount(event), 0, event);
  });
}

void t.test('a part of a long message to a WebSocket', async (t) => {
  const server = await webSocketServer(t);
  const { raw, accepted } = await openRaw(t, server);
  const { dog, silences } = watchdog(t);
  dog.watch(accepted);
  raw.write(frameHead(1_000_000));
  await spokenTo(t, () => raw.write('x'), silences, once(accepted, 'close'));
});

void t.test('while the socket of a WebSocket is paused, the time does not count', async (t) => {
  const { client } = await open(t, await webSocketServer(t));
  const socket = socketOf(client);
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  socket.pause();
  await delay(3 * timeout);
  t.strictSame(silences, []);
  socket.resume();
  await within(slow, 'its end', once(client, 'close'));
  t.equal(silences.length, 1);
});

void t.test('a WebSocket that connects to a server that does not answer', async (t) => {
  const port = await listening(
    t,
    net.createServer((socket) => void owned(t, socket)),
  );
  const { WebSocket } = await import('ws');
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.on('error', () => undefined);
  const { dog, silences } = watchdog(t);
  const closed = new Promise((resolve) => client.once('close', resolve));
  dog.watch(client);
  await within(slow, 'close', closed);
  t.equal(silences.length, 1);
});

/** A server of event streams that counts its connections. */
async function eventStreams(t: Test): Promise<{ url: string; responses: ServerResponse[] }> {
  const responses: ServerResponse[] = [];
  const server = http.createServer((_, response) => {
    response.writeHead(200, headers).write('retry: 50\n\n');
    responses.push(response);
  });
  t.teardown(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${await listening(t, server)}/`, responses };
}

void t.test('an EventSource, by its events', async (t) => {
  const { url, responses } = await eventStreams(t);
  const { dog, silences } = watchdog(t, { event: 'beat' });
  const source = dog.watch(new EventSource(url));
  t.teardown(() => source.close());
  await once(source as unknown as NodeJS.EventEmitter, 'open').catch(() => undefined);
  let turn = 0;
  const speak = () => responses[0]?.write((turn += 1) % 2 ? 'data: x\n\n' : 'event: beat\ndata:\n\n');
  const ended = poll('closed', () => source.readyState === source.CLOSED);
  await spokenTo(t, speak, silences, ended);
  await delay(200);
  t.equal(responses.length, 1, 'it does not connect again by itself');
});

void t.test('an EventSource over `fetch`: comments count, and it connects again by itself', async (t) => {
  const { url, responses } = await eventStreams(t);
  const { dog, silences } = watchdog(t);
  const source = new EventSource(url, { fetch: dog.fetch });
  t.teardown(() => source.close());
  const messages: string[] = [];
  source.onmessage = ({ data }) => messages.push(data as string);
  const again = poll('another connection', () => responses.length === 2);
  await spokenTo(t, () => responses[0]?.write(':\n\n'), silences, again);
  responses[1]!.write('data: hello\n\n');
  await poll('a message', () => messages.length > 0);
  t.strictSame(messages, ['hello']);
  await poll('a third, after another silence', () => responses.length === 3);
  source.close();
  const { length } = silences;
  await delay(2 * timeout);
  t.equal(silences.length, length, 'after close() there is no silence');
});

void t.test('fetch: no response, an empty one, one that is not read, and the caller’s own signal', async (t) => {
  const server = http.createServer((request, response) => {
    if (request.url === '/empty') response.writeHead(204).end();
    if (request.url === '/long') response.end(Buffer.alloc(1 << 20));
    if (request.url === '/redirected') response.writeHead(302, { location: '/hello' }).end();
    if (request.url === '/hello') response.end('hello');
  });
  t.teardown(() => server.closeAllConnections());
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  const { dog, silences } = watchdog(t);
  await t.rejects(dog.fetch(`${url}/none`), { code: 'ERR_KEEPALIVE_SILENCE' });
  t.equal(silences.length, 1);
  t.equal((await dog.fetch(`${url}/empty`)).status, 204);
  const unread = await dog.fetch(`${url}/long`);
  await delay(3 * timeout);
  t.equal(silences.length, 1);
  t.equal((await unread.arrayBuffer()).byteLength, 1 << 20);
  const redirected = await dog.fetch(`${url}/redirected`);
  t.match(redirected, { url: `${url}/hello`, redirected: true, status: 200 });
  t.equal(await redirected.text(), 'hello');
  const signal = () => ({ signal: AbortSignal.timeout(50) });
  await t.rejects(dog.fetch(`${url}/none`, signal()), { name: 'TimeoutError' });
  await t.rejects(dog.fetch(new Request(`${url}/none`, signal())), { name: 'TimeoutError' });
  await t.rejects(dog.fetch('no address', null as never), TypeError);
  await delay(2 * timeout);
  t.equal(silences.length, 1);
});

void t.test('the end of a fetch that is no longer watched does not stop the clock', async (t) => {
  const { url } = await eventStreams(t);
  const { client } = await tcpPair(t);
  const { dog, silences } = watchdog(t);
  const response = await dog.fetch(url);
  dog.watch(client);
  await response.body!.cancel();
  await within(slow, 'its end', errorOf(client));
  t.equal(silences.length, 1);
});

void t.test('heard() alone', async (t) => {
  const { dog, silences } = watchdog(t);
  await delay(2 * timeout);
  t.strictSame(silences, [], 'its clock has not been started');
  dog.heard();
  await spokenTo(
    t,
    () => dog.heard(),
    silences,
    poll('silence', () => silences.length > 0),
  );
  await delay(2 * timeout);
  t.equal(silences.length, 1, 'once');
  dog.heard();
  dog.stop();
  await delay(2 * timeout);
  t.equal(silences.length, 1, 'not after stop()');
});

void t.test('another connection with the same watchdog', async (t) => {
  const first = await tcpPair(t);
  const second = await tcpPair(t);
  let silences = 0;
  const { dog } = watchdog(t, {
    onSilence: () => {
      silences += 1;
      if (silences === 1) dog.watch(second.client);
    },
  });
  dog.watch(first.client);
  await within(slow, 'its end', errorOf(first.client));
  await within(slow, 'its end', errorOf(second.client));
  t.equal(silences, 2);
  t.notOk(Object.hasOwn(second.client, 'push'));
});

void t.test('a connection that is no longer watched stays open', async (t) => {
  const { client } = await tcpPair(t);
  const { client: next } = await tcpPair(t);
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  dog.watch(client);
  dog.watch(next);
  t.notOk(Object.hasOwn(client, 'push'));
  await within(slow, 'its end', errorOf(next));
  t.notOk(client.destroyed);
  t.equal(silences.length, 1);
});

void t.test('a stream that ends is not silent', async (t) => {
  const { client } = await tcpPair(t);
  const { dog, silences } = watchdog(t);
  dog.watch(client).destroy();
  await delay(2 * timeout);
  dog.watch(client);
  await delay(2 * timeout);
  t.strictSame(silences, []);
});

for (const watched of ['from its beginning', 'when it has arrived']) {
  void t.test(
    `a response that has arrived whole is not silent, however slowly it is read: watched ${watched}`,
    async (t) => {
      const server = http.createServer((_, response) => {
        response.write('first ');
        setTimeout(() => response.end('last'), 50);
      });
      const request = http.get({ host: '127.0.0.1', port: await listening(t, server), agent: false });
      const [body] = (await once(request, 'response')) as [IncomingMessage];
      const { dog, silences } = watchdog(t);
      if (watched === 'from its beginning') dog.watch(body);
      await poll('its end', () => body.complete);
      if (watched === 'when it has arrived') dog.watch(body);
      await delay(3 * timeout);
      t.strictSame(silences, []);
      t.equal(await text(body), 'first last');
    },
  );
}

void t.test('after the process was held up, what arrived meanwhile is heard before anything is judged', async (t) => {
  const { client, accepted } = await tcpPair(t);
  client.resume();
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  await delay(timeout / 2);
  accepted.write('x');
  spin(3 * timeout);
  await delay(timeout / 2);
  t.strictSame(silences, []);
});

void t.test('data that arrives while a callback holds up the process just before a look counts', async (t) => {
  const [{ client, accepted }, other] = await Promise.all([tcpPair(t), tcpPair(t)]);
  client.resume();
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  other.client.once('data', () => {
    other.accepted.write('again'); // after the timers, among which a look is due by then
    spin(0.6 * timeout);
    other.client.once('data', () => {
      accepted.write('x');
      spin(0.6 * timeout);
    });
  });
  other.accepted.write('once');
  await poll('what was written', () => client.bytesRead > 0);
  t.strictSame(silences, []);
});

void t.test('the process is not kept running', async (t) => {
  const program = `
    const { SilenceWatchdog } = require('tcp-keepalive/heartbeat');
    new SilenceWatchdog({ timeout: 60000 }).heard();`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], {
    encoding: 'utf8',
    timeout: slow,
    cwd: __dirname,
  });
  t.equal(status, 0, stderr);
});

void t.test('bad arguments', async (t) => {
  const make = (options: unknown) => () => new SilenceWatchdog(options as never);
  t.throws(make(undefined), { code: 'ERR_INVALID_ARG_TYPE', message: /options/ });
  t.throws(make({ timeout: '1' }), { code: 'ERR_INVALID_ARG_TYPE', message: /options.timeout/ });
  t.throws(make({ timeout: 0 }), { code: 'ERR_OUT_OF_RANGE', message: /options.timeout/ });
  t.throws(make({ timeout, onSilence: 'x' }), { code: 'ERR_INVALID_ARG_TYPE', message: /onSilence/ });
  t.throws(make({ timeout, event: 5 }), { code: 'ERR_INVALID_ARG_TYPE', message: /options.event/ });
  const { dog } = watchdog(t);
  dog.watch(new Readable({ read: () => undefined }));
  for (const target of [undefined, null, {}, 5, new (await import('node:events')).EventEmitter()]) {
    t.throws(() => dog.watch(target as never), { code: 'ERR_INVALID_ARG_TYPE', message: /target/ });
  }
});

void t.test('disposable', async (t) => {
  const { client } = await tcpPair(t);
  const { dog } = watchdog(t);
  dog.watch(client);
  dog[Symbol.dispose]();
  t.notOk(Object.hasOwn(client, 'push'));
});

void t.test('fetch: a body that the caller cancels is not watched any more', async (t) => {
  const server = http.createServer((_request, response) => void response.write('more to come'));
  const port = await listening(t, server);
  t.teardown(() => server.closeAllConnections());
  let silences = 0;
  const dog = new SilenceWatchdog({ timeout: 60_000, onSilence: () => (silences += 1) });
  const response = await dog.fetch(`http://127.0.0.1:${port}/`);
  await response.body!.cancel();
  t.equal(silences, 0);
});

void t.test('a stream with its own `push` gets it back', async (t) => {
  const stream = new PassThrough();
  const own = stream.push.bind(stream);
  stream.push = own;
  const dog = new SilenceWatchdog({ timeout: 60_000 });
  dog.watch(stream);
  t.not(stream.push, own);
  dog.stop();
  t.equal(stream.push, own);
});

void t.test('the socket of an http2 session: its methods are restored', async (t) => {
  const server = http2.createServer();
  const session = http2.connect(`http://127.0.0.1:${await listening(t, server)}`);
  t.teardown(() => session.destroy());
  await once(session, 'connect');
  const { socket } = session;
  const real = socket.off('none', () => undefined);
  const dog = new SilenceWatchdog({ timeout: 60_000 });
  t.equal(dog.watch(socket), socket);
  t.ok(Object.hasOwn(real, 'push'));
  dog.stop();
  t.notOk(Object.hasOwn(real, 'push'));
});

void t.test('the WebSocket of web pages is refused: it shows no pings', async (t) => {
  const server = await webSocketServer(t);
  const { WebSocket } = await import('undici');
  const client = new WebSocket(`ws://127.0.0.1:${portOf(server)}`);
  const opened = new Promise((resolve) => client.addEventListener('open', resolve));
  await within(slow, 'open', opened);
  const { dog, silences } = watchdog(t);
  t.throws(() => dog.watch(client as never), { code: 'ERR_INVALID_ARG_TYPE', message: /shows no pings.*heard\(\)/ });
  await delay(2 * timeout);
  t.equal(client.readyState, client.OPEN);
  t.strictSame(silences, []);
  const closed = new Promise((resolve) => client.addEventListener('close', resolve));
  client.close();
  await closed;
});

void t.test('the error of a WebSocket that is still connecting goes to `onSilence` only', async (t) => {
  const thrown = caught(t);
  const port = await listening(
    t,
    net.createServer((socket) => void owned(t, socket)),
  );
  const { WebSocket } = await import('ws');
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  await poll('closed', () => client.readyState === client.CLOSED);
  await delay(50);
  t.match(silences, [{ error: { code: 'ERR_KEEPALIVE_SILENCE' } }]);
  t.strictSame(thrown, []);
  t.equal(client.listenerCount('error'), 0);
});

void t.test('the socket of an http2 session or stream that has ended', async (t) => {
  const { dog } = watchdog(t);
  for (const [name, socket] of Object.entries(await endedHttp2Sockets(t))) {
    t.throws(() => dog.watch(socket), { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_CLOSED' }, name);
  }
});

void t.test('a stream of http2 that has ended is not silent', async (t) => {
  const server = http2.createServer();
  const session = http2.connect(`http://127.0.0.1:${await listening(t, server)}`);
  const request = session.request().on('error', () => undefined);
  const closed = new Promise((resolve) => request.once('close', resolve));
  session.destroy();
  await closed;
  const { dog, silences } = watchdog(t);
  t.equal(dog.watch(request), request);
  await delay(2 * timeout);
  t.strictSame(silences, []);
});

void t.test('`onSilence` runs in the context in which the watchdog was made', async (t) => {
  const store = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const { dog } = store.run('maker', () => watchdog(t, { onSilence: () => seen.push(store.getStore()) }));
  store.run('a request', () => dog.heard());
  await poll('silence', () => seen.length > 0);
  t.strictSame(seen, ['maker']);
});

/** A client whose end calls back at once. */
class Client extends EventEmitter {
  readyState = 1;
  terminate() {
    this.readyState = 3;
    this.emit('close');
  }
}

void t.test('`onSilence` is not called if a listener stops the watchdog when its connection ends', async (t) => {
  const { dog, silences } = watchdog(t);
  const client = dog.watch(new Client());
  client.on('close', () => dog.stop());
  await poll('its end', () => client.readyState === 3);
  await delay(2 * timeout);
  t.strictSame(silences, []);
});

void t.test('`onSilence` is not called if a listener watches the next connection when the last one ends', async (t) => {
  const { dog, silences } = watchdog(t);
  const client = dog.watch(new Client());
  const next = new Client();
  client.on('close', () => dog.watch(next));
  await poll('its end', () => client.readyState === 3);
  t.strictSame(silences, []);
  await poll('the end of the next', () => next.readyState === 3);
  t.equal(silences.length, 1);
});

void t.test('a `terminate` that throws: `onSilence` is called once, and the error is thrown once', async (t) => {
  const thrown = caught(t);
  const { dog, silences } = watchdog(t);
  const client = new Client();
  client.terminate = () => {
    throw new Error('no');
  };
  dog.watch(client);
  await poll('silence', () => silences.length > 0);
  await delay(2 * timeout);
  t.strictSame(thrown, ['no']);
  t.equal(silences.length, 1);
});

void t.test('a connection that cannot be judged is no longer watched', async (t) => {
  const thrown = caught(t);
  const { dog, silences } = watchdog(t);
  const client = dog.watch(new Client());
  Object.defineProperty(client, 'readyState', {
    get: () => {
      throw new Error('no state');
    },
  });
  await poll('an error', () => thrown.length > 0);
  await delay(2 * timeout);
  t.strictSame(thrown, ['no state']);
  t.strictSame(silences, []);
  t.equal(client.listenerCount('message'), 0);
});
