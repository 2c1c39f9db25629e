// Peers that say nothing on loopback, where without a keepalive profile nothing is heard of them.
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import net, { type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { KeepaliveError, LivenessMonitor, disconnectReason, type LivenessOptions } from 'tcp-keepalive';
import certificate from '../support/certificate.js';
import { poll } from '../support/poll';
import { listening, tcpPair, tlsPair } from '../support/sockets';
import { caught } from '../support/uncaught';

const linux = process.platform !== 'linux' && 'Linux tells when a peer was heard';
const options = { silentAfter: 200, checkEvery: 20, destroyAfter: 500 };

interface Bounded {
  readonly monitor: LivenessMonitor;
  /** Name, socket, and what else the event told. */
  readonly events: unknown[][];
}

function bounded(t: Test, given: LivenessOptions = options): Bounded {
  const monitor = new LivenessMonitor(given);
  t.teardown(() => monitor.stop());
  const events: unknown[][] = [];
  for (const event of ['silent', 'heard', 'gone'] as const) {
    monitor.on(event, (socket: Socket, detail?: unknown) => events.push([event, socket, detail]));
  }
  return { monitor, events };
}

const gone = ({ events }: Bounded, count = 1) =>
  poll('gone', () => events.filter(([event]) => event === 'gone').length >= count);

function errorOf(socket: NodeJS.EventEmitter): Promise<unknown> {
  return once(socket, 'error', { signal: AbortSignal.timeout(10_000) }).then(([error]) => error as unknown);
}

void t.test(
  'a silent peer: told as silent, destroyed, and gone as timed out, each once',
  { skip: linux },
  async (t) => {
    const { accepted } = await tcpPair(t);
    const { monitor, events } = bounded(t);
    const failed = errorOf(accepted);
    const start = performance.now();
    monitor.watch(accepted);
    const error = (await failed) as KeepaliveError;
    t.ok(performance.now() - start > 400, 'not before its time');
    t.type(error, KeepaliveError);
    t.equal(error.code, 'ERR_KEEPALIVE_SILENCE');
    t.match(error.message, /not heard from for \d{3,} ms; destroyAfter is 500 ms/);
    await gone({ monitor, events });
    t.match(events, [
      ['silent', accepted, Number],
      ['gone', accepted, 'timed-out'],
    ]);
    t.match(monitor.snapshot(), { connections: 0, silent: 0, gone: { 'timed-out': 1, other: 0 } });
    t.equal(disconnectReason(error), 'timed-out');
  },
);

void t.test('silentAfter and destroyAfter the same: silent first, then gone', { skip: linux }, async (t) => {
  const { accepted } = await tcpPair(t);
  const { monitor, events } = bounded(t, { silentAfter: 200, checkEvery: 20, destroyAfter: 200 });
  monitor.watch(accepted);
  await gone({ monitor, events });
  t.match(events, [
    ['silent', accepted, Number],
    ['gone', accepted, 'timed-out'],
  ]);
});

void t.test('silent for too long before it was watched', { skip: linux }, async (t) => {
  const { accepted } = await tcpPair(t);
  await new Promise((resolve) => setTimeout(resolve, options.destroyAfter + 100));
  const { monitor, events } = bounded(t);
  monitor.watch(accepted);
  await gone({ monitor, events });
  t.strictSame(
    events.map(([event]) => event),
    ['silent', 'gone'],
  );
});

void t.test('a peer that is heard in time stays', { skip: linux }, async (t) => {
  const { client, accepted } = await tcpPair(t);
  accepted.resume();
  const { monitor, events } = bounded(t, { silentAfter: 100, checkEvery: 20, destroyAfter: 2_000 });
  monitor.on('silent', () => client.write('x'));
  monitor.watch(accepted);
  await poll('heard again', () => events.filter(([event]) => event === 'heard').length >= 25);
  t.equal(accepted.destroyed, false);
  t.notOk(events.some(([event]) => event === 'gone'));
});

for (const side of ['client', 'accepted'] as const) {
  void t.test(`TLS, ${side}`, { skip: linux }, async (t) => {
    const { [side]: socket } = await tlsPair(t);
    const { monitor, events } = bounded(t);
    const failed = errorOf(socket);
    monitor.watch(socket);
    t.match(await failed, { code: 'ERR_KEEPALIVE_SILENCE' });
    await gone({ monitor, events });
    t.match(events.at(-1), ['gone', socket, 'timed-out']);
  });
}

for (const [name, scheme, makeServer] of [
  ['http2', 'http', () => http2.createServer()],
  ['http2 over TLS', 'https', () => http2.createSecureServer(certificate)],
] as const) {
  void t.test(`${name}: the session and its streams end with the error`, { skip: linux }, async (t) => {
    const server = makeServer();
    server.on('stream', (stream) => stream.respond());
    const port = await listening(t, server);
    const client = http2.connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false });
    t.teardown(() => client.destroy());
    client.on('error', () => undefined);
    client.request().on('error', () => undefined);
    const [session] = (await once(server, 'session')) as [http2.ServerHttp2Session];
    const [stream] = (await once(session, 'stream')) as [http2.ServerHttp2Stream];
    const { socket } = session;
    const ended = [errorOf(session), errorOf(stream)];
    let closed = 0;
    for (const each of [session, stream]) each.on('close', () => (closed += 1));
    const { monitor, events } = bounded(t);
    monitor.watch(socket);
    t.match(await Promise.all(ended), [{ code: 'ERR_KEEPALIVE_SILENCE' }, { code: 'ERR_KEEPALIVE_SILENCE' }]);
    await gone({ monitor, events });
    t.strictSame(
      events.map(([event, shown, detail]) => [event, shown === socket, event === 'gone' && detail]),
      [
        ['silent', true, false],
        ['gone', true, 'timed-out'],
      ],
    );
    await poll('both closed', () => closed === 2);
    await poll('the peer knows', () => client.destroyed);
  });
}

void t.test('an http server tells of it as of any connection that fails', { skip: linux }, async (t) => {
  const server = http.createServer();
  const request = http.get({ port: await listening(t, server), host: '127.0.0.1', agent: false });
  request.on('error', () => undefined);
  const [incoming, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  response.write('data: hello\n\n');
  const { monitor, events } = bounded(t);
  monitor.watch(incoming.socket);
  await gone({ monitor, events });
  t.match(events.at(-1), ['gone', incoming.socket, 'timed-out']);
  t.equal(response.destroyed, true);
});

void t.test("a listener of 'silent' decides otherwise", { skip: linux }, async (t) => {
  const pairs = await Promise.all([tcpPair(t), tcpPair(t), tcpPair(t)]);
  const [forgotten, renewed, other] = pairs.map(({ accepted }) => accepted) as [Socket, Socket, Socket];
  await new Promise((resolve) => setTimeout(resolve, options.destroyAfter + 100));
  const { monitor, events } = bounded(t);
  let silent = 0;
  monitor.on('silent', (socket) => {
    silent += 1;
    if (socket === forgotten) monitor.unwatch(socket);
    if (socket !== renewed || silent > pairs.length) return;
    monitor.unwatch(socket);
    monitor.watch(socket);
    t.equal(socket.destroyed, false);
  });
  for (const { accepted } of pairs) monitor.watch(accepted);
  await gone({ monitor, events }, 2);
  t.equal(forgotten.destroyed, false);
  const names = (socket: Socket) => events.filter(([, each]) => each === socket).map(([event]) => event);
  t.strictSame(names(forgotten), ['silent']);
  t.strictSame(names(other), ['silent', 'gone']);
  t.strictSame(names(renewed), ['silent', 'silent', 'gone'], 'watched anew, it is judged anew');
});

void t.test('what listeners throw, and errors that nobody handles, stop nothing', { skip: linux }, async (t) => {
  const pairs = await Promise.all([tcpPair(t), tcpPair(t)]);
  const sockets = pairs.map(({ accepted }) => accepted);
  for (const socket of sockets) socket.removeAllListeners('error');
  const thrown = caught(t);
  const { monitor, events } = bounded(t);
  monitor.on('silent', () => {
    throw new Error('thrown by a listener');
  });
  for (const socket of sockets) monitor.watch(socket);
  await gone({ monitor, events }, 2);
  t.equal(thrown.filter((message) => message === 'thrown by a listener').length, 2);
  t.equal(thrown.filter((message) => /destroyAfter is 500/.test(message)).length, 2);
});

void t.test('a socket that is never connected is not destroyed', { skip: linux }, async (t) => {
  const { accepted } = await tcpPair(t);
  const unconnected = new net.Socket();
  t.teardown(() => unconnected.destroy());
  const { monitor, events } = bounded(t);
  monitor.watch(unconnected);
  monitor.watch(accepted);
  await gone({ monitor, events });
  t.equal(unconnected.destroyed, false);
  t.match(monitor.snapshot(), { connections: 1, unknown: 1 });
});
