// armedBy: 'write': what was asked and not answered is held against the other side; silence alone is not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import http2, { type Http2Session, type ServerHttp2Stream } from 'node:http2';
import net, { type Socket } from 'node:net';
import { Duplex, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import t, { type Test } from 'tap';
import { SilenceWatchdog, type SilenceWatchdogOptions } from 'tcp-keepalive/heartbeat';
import { within } from '../../../examples/lib/deadline.js';
import { http2Sessions } from '../../support/http2-sessions';
import { Output } from '../../support/output';
import { poll } from '../../support/poll';
import { listening, owned, tcpPair, tlsPair } from '../../support/sockets';
import { open, webSocketServer } from '../../support/web-sockets';

const timeout = 400;
const slow = 10_000;
const patience = 2 * timeout;

function watchdog(t: Test, options: Partial<SilenceWatchdogOptions> = {}) {
  const silences: number[] = [];
  const onSilence = (silentFor: number) => silences.push(silentFor);
  const dog = new SilenceWatchdog({ timeout, onSilence, armedBy: 'write', ...options });
  t.teardown(() => dog.stop());
  return { dog, silences };
}

function errorOf(stream: NodeJS.EventEmitter): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => stream.once('error', resolve));
}

/** Waits for the end of what was asked just now, and looks at how long that took. */
async function unanswered<T>(t: Test, ended: Promise<T>, silences: readonly number[]): Promise<T> {
  const since = performance.now();
  const answer = await within(slow, 'its end', ended);
  const took = performance.now() - since;
  t.equal(silences.length, 1, 'told once');
  t.ok(
    silences[0]! >= timeout && Math.abs(silences[0]! - took) < 200,
    `unanswered for ${silences[0]} ms, noticed after ${took}`,
  );
  return answer;
}

const answering = (socket: Socket) => void socket.on('data', (chunk) => socket.write(chunk));

for (const [name, pair] of Object.entries({ net: tcpPair, tls: tlsPair })) {
  void t.test(`a ${name} socket: idle it is left alone, and a write that is not answered ends it`, async (t) => {
    const { client, accepted } = await pair(t);
    const { dog, silences } = watchdog(t);
    dog.watch(client.resume());
    await delay(patience);
    accepted.write('by itself');
    await delay(patience);
    answering(accepted);
    client.write('x');
    await once(client, 'data');
    await delay(patience);
    t.strictSame(silences, [], 'idle, also after an answer');
    accepted.removeAllListeners('data').resume();
    client.write('y');
    const error = await unanswered(t, errorOf(client), silences);
    t.match(error, { code: 'ERR_KEEPALIVE_SILENCE', message: /was written was not answered for \d+ ms/ });
    for (const method of ['push', '_write', '_writev']) t.notOk(Object.hasOwn(client, method), method);
  });
}

const ways: Record<string, (client: Socket) => unknown> = {
  'end() with data': (client) => client.end('x'),
  'a pipe': (client) => Readable.from(['x']).pipe(client),
  'several at once': (client) => {
    client.cork();
    client.write('x');
    client.write('y');
    client.uncork();
  },
  'a write before it is connected': () => undefined,
};
for (const [how, write] of Object.entries(ways)) {
  void t.test(`written by ${how}`, async (t) => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => void owned(t, socket).resume());
    const port = await listening(t, server);
    const client = owned(t, net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })).resume();
    const { dog, silences } = watchdog(t);
    dog.watch(client);
    if (how.includes('before')) client.write('x');
    else await once(client, 'connect');
    write(client);
    await unanswered(t, errorOf(client), silences);
  });
}

void t.test(
  'pipelined writes: a later one puts nothing off, and an earlier answer is none to a later one',
  async (t) => {
    const { client, accepted } = await tcpPair(t);
    const { dog, silences } = watchdog(t);
    dog.watch(client.resume());
    accepted.resume();
    const writing = setInterval(() => client.destroyed || client.write('x'), timeout / 8);
    t.teardown(() => clearInterval(writing));
    client.write('x');
    await unanswered(t, errorOf(client), silences);
    clearInterval(writing);

    const second = await tcpPair(t);
    const { dog: other, silences: later } = watchdog(t);
    other.watch(second.client);
    answering(second.accepted);
    // Asks again while it is being answered.
    second.client.once('data', () => {
      second.accepted.removeAllListeners('data').resume();
      second.client.write('again');
    });
    second.client.write('once');
    await once(second.client, 'data');
    await unanswered(t, errorOf(second.client), later);
  },
);

void t.test(
  'an answer that only the count of bytes shows, and a write after it, before anything was looked at',
  async (t) => {
    const server = net.createServer();
    const port = await listening(t, server);
    const connection = once(server, 'connection') as Promise<[Socket]>;
    let answers = 0;
    const onread = { buffer: Buffer.alloc(64), callback: () => (answers += 1) > 0 };
    const client = owned(t, net.connect({ port, host: '127.0.0.1', onread }));
    const [accepted] = await connection;
    answering(owned(t, accepted));
    const { dog, silences } = watchdog(t, { timeout: 2_000 });
    dog.watch(client);
    client.write('x');
    await poll('an answer', () => answers === 1);
    accepted.removeAllListeners('data').resume();
    const since = performance.now();
    client.write('y');
    await within(slow, 'its end', errorOf(client));
    t.equal(silences.length, 1);
    t.ok(performance.now() - since >= 1_999, 'from the second write');
  },
);

void t.test('a long answer that comes slowly is one', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const { dog, silences } = watchdog(t);
  dog.watch(client.resume());
  accepted.once('data', () => {
    accepted.write('begins');
    setTimeout(() => accepted.write('goes on'), patience);
  });
  client.write('x');
  await once(client, 'data');
  await once(client, 'data');
  await delay(patience);
  t.strictSame(silences, []);
});

void t.test('a long request is not judged while it is taken, and is once it is not taken any more', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  accepted.pause();
  client.write(Buffer.alloc(32 << 20));
  const reading = setInterval(() => void accepted.read(), 20);
  t.teardown(() => clearInterval(reading));
  await delay(2 * patience);
  t.ok(client.writableLength > 0, 'it is still being sent');
  t.strictSame(silences, []);
  clearInterval(reading);
  await within(slow, 'its end', errorOf(client));
  t.equal(silences.length, 1);
});

void t.test('a Duplex that is not a socket', async (t) => {
  let answers = true;
  const duplex: Duplex = new Duplex({
    read: () => undefined,
    write(chunk, _encoding, done) {
      if (answers) duplex.push(chunk);
      done();
    },
  }).resume();
  const { dog, silences } = watchdog(t);
  dog.watch(duplex).write('x');
  await delay(patience);
  t.strictSame(silences, []);
  answers = false;
  duplex.write('y');
  await unanswered(t, errorOf(duplex), silences);
});

void t.test(
  'a server that is frozen, whose kernel goes on to answer',
  { skip: process.platform === 'win32' },
  async (t) => {
    const echo = `require('node:net').createServer((socket) => socket.pipe(socket))
    .listen(0, '127.0.0.1', function () { console.log('port', this.address().port); });`;
    const server = spawn(process.execPath, ['-e', echo], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [port] = await new Output(t, server).lines(/^port (\d+)/);
    const client = owned(t, net.connect(Number(port), '127.0.0.1')).resume();
    const { dog, silences } = watchdog(t);
    dog.watch(client);
    client.write('x');
    await once(client, 'data');
    server.kill('SIGSTOP');
    await delay(patience);
    t.strictSame(silences, [], 'nothing was asked');
    client.write('y');
    await unanswered(t, errorOf(client), silences);
  },
);

void t.test('a connection of an http.Agent: idle in the pool, then a request without a response', async (t) => {
  let answers = true;
  const server = http.createServer((_request, response) => {
    if (answers) response.end('ok');
  });
  server.keepAliveTimeout = slow;
  const port = await listening(t, server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const { dog, silences } = watchdog(t);
  const ask = () => {
    const request = http.get({ host: '127.0.0.1', port, agent });
    request.on('socket', (socket) => request.reusedSocket || dog.watch(socket));
    return request;
  };
  for (let requests = 0; requests < 2; requests += 1) {
    const [response] = (await once(ask(), 'response')) as [http.IncomingMessage];
    await once(response.resume(), 'end');
    await delay(patience);
  }
  t.strictSame(silences, []);
  answers = false;
  const request = ask();
  t.ok(request.reusedSocket);
  t.match(await unanswered(t, errorOf(request), silences), { code: 'ERR_KEEPALIVE_SILENCE' });
});

void t.test('a client of ws: a message without an answer, and a ping', async (t) => {
  const server = await webSocketServer(t, { autoPong: false });
  for (const question of ['send', 'ping'] as const) {
    const { client, accepted } = await open(t, server);
    const { dog, silences } = watchdog(t);
    dog.watch(client);
    accepted.ping();
    await once(client, 'ping'); // and the pong
    await delay(patience);
    t.strictSame(silences, [], 'its answer to a ping wants none');
    client[question]('x');
    await unanswered(t, once(client, 'close'), silences);
    for (const method of ['send', 'ping']) t.notOk(Object.hasOwn(client, method), method);
    for (const event of ['open', 'message', 'ping', 'pong']) t.equal(client.listenerCount(event), 0, event);
  }
});

void t.test('a client of ws that asks again in a listener that was there first', async (t) => {
  const server = await webSocketServer(t);
  const { client, accepted } = await open(t, server);
  let asked = 0;
  client.on('message', () => (asked += 1) && client.send('again'));
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  accepted.once('message', () => accepted.send('x'));
  client.send('once');
  await once(client, 'message');
  await unanswered(t, once(client, 'close'), silences);
  t.equal(asked, 1);
});

void t.test('a client of ws whose upgrade is not answered; one that is open is idle', async (t) => {
  const { WebSocket } = await import('ws');
  const port = await listening(
    t,
    net.createServer((socket) => void owned(t, socket)),
  );
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const { dog, silences } = watchdog(t);
  dog.watch(client);
  await unanswered(t, new Promise((resolve) => client.once('close', resolve)), silences);

  const server = await webSocketServer(t);
  server.on('connection', (accepted) => accepted.on('message', () => accepted.send('x')));
  const { port: good } = server.address() as net.AddressInfo;
  const other = new WebSocket(`ws://127.0.0.1:${good}`);
  t.teardown(() => other.terminate());
  const next = watchdog(t);
  next.dog.watch(other);
  await once(other, 'open');
  await delay(patience);
  other.send('x');
  await once(other, 'message');
  await delay(patience);
  t.strictSame(next.silences, []);
});

/** A client session, and the streams of its requests as the server has them. */
async function http2Pair(t: Test) {
  const { client, accepted, server } = await http2Sessions(t);
  const streams: ServerHttp2Stream[] = [];
  server.on('stream', (stream) => streams.push(stream.on('error', () => undefined)));
  const { dog, silences } = watchdog(t);
  t.equal(dog.watch(client), client);
  const ask = (headers: http2.OutgoingHttpHeaders = {}, options: http2.ClientSessionRequestOptions = {}) =>
    client.request(headers, options).on('error', () => undefined);
  const asked = async (count: number) => poll('requests', () => streams.length === count);
  return { client, accepted, streams, dog, silences, ask, asked };
}

void t.test('a session of http2: idle it is left alone, and a request without a response ends it', async (t) => {
  const { client, accepted, streams, silences, ask, asked } = await http2Pair(t);
  await delay(patience);
  accepted.ping(() => undefined);
  accepted.settings({ initialWindowSize: 1 << 20 });
  const first = ask();
  await asked(1);
  streams[0]!.respond();
  await once(first, 'response');
  streams[0]!.write(Buffer.alloc(1 << 20)); // for which the client gives room, unasked
  await poll('all of it', () => (first.resume(), streams[0]!.writableLength === 0));
  await delay(patience);
  t.strictSame(silences, [], 'an answer that has begun, and frames of the session’s own');
  streams[0]!.end();
  const pinging = setInterval(() => client.destroyed || client.ping(() => undefined), 50);
  t.teardown(() => clearInterval(pinging));
  const second = ask();
  const [error] = await unanswered(t, Promise.all([errorOf(client), errorOf(second)]), silences);
  t.match(error, { code: 'ERR_KEEPALIVE_SILENCE' });
  t.notOk(Object.hasOwn(client, 'request'));
});

void t.test('several requests of http2: what any of them gets is a sign of life, a cancelled one is not', async (t) => {
  const { client, streams, silences, ask, asked } = await http2Pair(t);
  const [long, waiting, cancelled] = [ask().resume(), ask(), ask()];
  await asked(3);
  streams[0]!.respond();
  await once(long, 'response');
  const answering = setInterval(() => streams[0]!.write('x'), 20);
  t.teardown(() => clearInterval(answering));
  await delay(patience);
  t.strictSame(silences, []);
  clearInterval(answering);
  setTimeout(() => cancelled.close(), 0.75 * timeout);
  await unanswered(t, errorOf(client), silences);
  t.ok(cancelled.closed && waiting.destroyed);
});

void t.test('the last request of http2 that waited is cancelled', async (t) => {
  const { client, silences, ask } = await http2Pair(t);
  const request = ask();
  request.close();
  await once(request, 'close');
  await delay(patience);
  t.strictSame(silences, []);
  t.notOk(client.destroyed);
});

void t.test('a request of http2 that the application still writes is not judged', async (t) => {
  const { client, silences, ask } = await http2Pair(t);
  const upload = ask({ ':method': 'POST' });
  upload.write('a part');
  await delay(patience);
  t.strictSame(silences, []);
  upload.end('the rest');
  await unanswered(t, errorOf(client), silences);
});

void t.test('what is let go of has nothing left on it', async (t) => {
  const { client, dog, silences, ask, asked } = await http2Pair(t);
  const request = ask();
  await asked(1);
  t.ok(Object.hasOwn(request, 'push'));
  dog.stop();
  t.notOk(Object.hasOwn(request, 'push'));
  t.notOk(Object.hasOwn(client, 'request'));
  t.equal(request.listenerCount('response'), 0);
  await delay(patience);
  t.strictSame(silences, []);
});

void t.test('a session of http2 by its silence', async (t) => {
  const { client, accepted } = await http2Sessions(t);
  const { dog, silences } = watchdog(t, { armedBy: 'silence' });
  dog.watch(client);
  const pinging = setInterval(() => accepted.destroyed || accepted.ping(() => undefined), 100);
  t.teardown(() => clearInterval(pinging));
  await delay(patience);
  t.strictSame(silences, []);
  clearInterval(pinging);
  await unanswered(t, errorOf(client), silences);
  dog.watch(client); // which has ended
  await delay(patience);
  t.equal(silences.length, 1);
});

void t.test('fetch: until the response begins', async (t) => {
  const responses: ServerResponse[] = [];
  const server = http.createServer((request, response) => {
    responses.push(response);
    if (request.url === '/slow') response.write('begins');
  });
  t.teardown(() => server.closeAllConnections());
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  const { dog, silences } = watchdog(t);
  const body = (await dog.fetch(`${url}/slow`)).text();
  await delay(patience);
  t.strictSame(silences, []);
  responses[0]!.end();
  t.equal(await body, 'begins');
  await t.rejects(unanswered(t, dog.fetch(`${url}/none`), silences), { code: 'ERR_KEEPALIVE_SILENCE' });
  t.equal(silences.length, 1);
});

void t.test('wrote() and heard() alone', async (t) => {
  const { dog, silences } = watchdog(t);
  dog.heard();
  await delay(patience);
  dog.wrote();
  dog.heard();
  await delay(patience);
  t.strictSame(silences, []);
  dog.wrote();
  await poll('silence', () => silences.length === 1);
  await delay(patience);
  t.equal(silences.length, 1);
  const other = watchdog(t, { armedBy: 'silence' });
  other.dog.wrote();
  await delay(patience);
  t.strictSame(other.silences, [], 'without armedBy it does nothing');
});

void t.test('what cannot be armed by a write is refused', async (t) => {
  for (const armedBy of ['read', 1, null]) {
    const options = { timeout, armedBy: armedBy as never };
    t.throws(() => new SilenceWatchdog(options), { code: 'ERR_INVALID_ARG_TYPE', message: /'silence' or 'write'/ });
  }
  const { client, accepted } = await http2Sessions(t);
  const source = new EventSource('http://127.0.0.1:1/');
  source.close();
  const { dog } = watchdog(t);
  const body = new http.IncomingMessage(new net.Socket());
  for (const target of [source, body, client.socket, { terminate() {}, on() {}, off() {} }]) {
    t.throws(() => dog.watch(target as never), { code: 'ERR_INVALID_ARG_TYPE', message: /armedBy 'write'/ });
  }
  t.throws(() => dog.watch(client.socket), { message: /give the session/ });
  t.throws(() => dog.watch(accepted as Http2Session as never), { message: /Http2Heartbeat/ });
});
