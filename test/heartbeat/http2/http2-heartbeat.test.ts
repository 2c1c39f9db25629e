// Against the real `node:http2`, on real connections.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http2, { type Http2Session, type ServerHttp2Session } from 'node:http2';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fastify from 'fastify';
import t, { type Test } from 'tap';
import { applyKeepalive } from 'tcp-keepalive';
import { Http2Heartbeat, type Http2HeartbeatOptions } from 'tcp-keepalive/heartbeat';
import { within } from '../../../examples/lib/deadline.js';
import { frame, http2Server, http2Sessions, pingsTo, pong, rawHttp2 } from '../../support/http2-sessions';
import { endedHttp2Sockets } from '../../support/http2-sockets';
import { poll } from '../../support/poll';
import { caught } from '../../support/uncaught';

const interval = 400;
const timeout = 300;
/** These machines are shared. */
const slow = 10_000;

function heartbeat(t: Test, sessions: readonly Http2Session[], options: Partial<Http2HeartbeatOptions> = {}) {
  const beat = new Http2Heartbeat({ interval, timeout, ...options });
  t.teardown(() => beat.stop());
  const gone: { session: Http2Session; silentFor: number }[] = [];
  beat.on('gone', (session, silentFor) => gone.push({ session, silentFor }));
  for (const session of sessions) beat.add(session);
  return { beat, gone };
}

/** When pings came, by `performance.now()`. */
function times(session: Http2Session): number[] {
  const seen: number[] = [];
  session.on('ping', () => seen.push(performance.now()));
  return seen;
}

for (const tls of [false, true]) {
  for (const side of ['client', 'accepted'] as const) {
    const other = side === 'client' ? 'accepted' : 'client';
    void t.test(`a silent session is pinged once in an interval: ${side}, ${tls ? 'TLS' : 'TCP'}`, async (t) => {
      const sessions = await http2Sessions(t, { tls });
      const pings = times(sessions[other]);
      const { beat, gone } = heartbeat(t, [sessions[side]], { timeout: slow });
      beat.add(sessions[side]);
      await poll('six pings', () => pings.length >= 6);
      const took = pings.at(-1)! - pings[0]!;
      t.ok(took > 4.5 * interval, `five intervals took ${took} ms`);
      t.ok(took < 6 * interval, `five intervals took ${took} ms`);
      await poll('the answer', () => beat.snapshot().waiting === 0);
      t.notOk(sessions[side].destroyed);
      t.strictSame(gone, []);
      const expected = { sessions: 1, waiting: 0, pingsSent: pings.length, pingsSaved: 0, pingsWithheld: 0, gone: 0 };
      t.strictSame(beat.snapshot(), expected);
    });
  }
}

void t.test('a session that receives anything is not pinged: data, pings, settings', async (t) => {
  const { client, accepted } = await http2Sessions(t);
  const pings = times(client);
  const stream = client.request({ ':method': 'POST' }).on('error', () => undefined);
  const ways = [
    () => void stream.write('data'),
    () => void client.ping(() => undefined),
    () => client.settings({ enablePush: false }, () => undefined),
  ];
  let turn = 0;
  const speaking = setInterval(() => ways[(turn += 1) % ways.length]!(), 100);
  t.teardown(() => clearInterval(speaking));
  const { beat } = heartbeat(t, [accepted], { interval: 1_000, timeout: slow });
  await poll('pings saved', () => beat.snapshot().pingsSaved >= 4);
  t.equal(pings.length, 0);
  clearInterval(speaking);
  const silent = performance.now();
  await poll('a ping', () => pings.length === 1);
  const after = pings[0]! - silent;
  t.ok(after > 700, `pinged after ${after} ms of silence`);
});

void t.test('a session that does not answer is destroyed, and reported once', async (t) => {
  const { accepted, server } = await rawHttp2(t);
  const sessionError = once(server, 'sessionError') as Promise<[NodeJS.ErrnoException]>;
  const { socket } = accepted;
  const tcp = socket.off('none', () => undefined);
  const { beat, gone } = heartbeat(t, [accepted]);
  const [error] = await within(slow, 'sessionError', sessionError);
  t.match(error, { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_SILENCE', message: /300 ms/ });
  await poll('its connection is closed', () => tcp.destroyed);
  await delay(2 * interval);
  t.equal(gone.length, 1);
  t.equal(gone[0]!.session, accepted);
  t.ok(gone[0]!.silentFor >= timeout);
  t.match(beat.snapshot(), { sessions: 0, waiting: 0, gone: 1 });
});

void t.test('a client session whose server does not answer ends, and its requests fail with the error', async (t) => {
  const silent = net.createServer((socket) => void socket.on('error', () => undefined).resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const client = http2.connect(`http://127.0.0.1:${(silent.address() as { port: number }).port}`);
  t.teardown(() => silent.close());
  const failed = once(client, 'error') as Promise<[NodeJS.ErrnoException]>;
  const request = client.request();
  const requestFailed = once(request, 'error') as Promise<[NodeJS.ErrnoException]>;
  const { beat } = heartbeat(t, [client]);
  t.equal(beat.snapshot().sessions, 1, 'also while it is connecting');
  const errors = await within(slow, 'errors', Promise.all([failed, requestFailed]));
  for (const [{ code }] of errors) t.equal(code, 'ERR_KEEPALIVE_SILENCE');
});

void t.test('one timeout is enough for an answer that comes late, but in time', async (t) => {
  const { raw, accepted } = await rawHttp2(t);
  const pings = pingsTo(raw);
  const { beat, gone } = heartbeat(t, [accepted], { timeout: 2_000 });
  for (let answered = 0; answered < 3; answered += 1) {
    await poll('a ping', () => pings.length === answered + 1);
    await delay(300);
    raw.write(pong(pings[answered]!));
  }
  await poll('the answer', () => beat.snapshot().waiting === 0);
  t.strictSame(gone, []);
});

void t.test('a part of a frame is a sign of life', async (t) => {
  const { raw, accepted } = await rawHttp2(t);
  const { beat, gone } = heartbeat(t, [accepted]);
  const bytes = frame(20, 0, Buffer.alloc(16_000)); // of an unknown type: ignored (RFC 9113, 4.1)
  let sent = 0;
  const sending = setInterval(() => raw.write(bytes.subarray(sent, (sent += 1))), 50);
  t.teardown(() => clearInterval(sending));
  await delay(4 * (interval + timeout));
  t.ok(sent < bytes.length);
  t.strictSame(gone, []);
  t.ok(beat.snapshot().pingsSaved > 2);
  clearInterval(sending);
  await poll('the end', () => gone.length === 1);
});

void t.test('no ping is sent while data waits or a ping is unanswered', async (t) => {
  const { raw, accepted, server } = await rawHttp2(t);
  const windows = 1 << 30;
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(4, 0);
  settings.writeUInt32BE(windows, 2);
  const more = Buffer.alloc(4);
  more.writeUInt32BE(windows);
  // GET http://x/: three indexed headers and a literal one (RFC 7541, appendix A).
  const request = frame(1, 5, Buffer.from([0x82, 0x84, 0x86, 0x41, 1, 0x78]), 1);
  const streaming = once(server, 'stream') as Promise<[http2.ServerHttp2Stream]>;
  raw.pause();
  raw.write(Buffer.concat([frame(4, 0, settings), frame(8, 0, more), request]));
  const [stream] = await within(slow, 'a stream', streaming);
  stream.on('error', () => undefined);
  stream.respond();
  stream.write(Buffer.alloc(64 << 20));
  const tcp = accepted.socket.off('none', () => undefined);
  const { beat, gone } = heartbeat(t, [accepted], { timeout: 1_000 });
  await poll('a ping held back', () => beat.snapshot().pingsWithheld > 0);
  const reading = setInterval(() => void raw.read(), 50);
  t.teardown(() => clearInterval(reading));
  await delay(3_000);
  t.strictSame(gone, [], 'a slow reader lives');
  t.equal(beat.snapshot().pingsSent, 0);
  clearInterval(reading);
  await poll('the end, once it reads no more', () => gone.length === 1);
  await poll('its connection is closed, with all that waited', () => tcp.destroyed, 2_000);
});

void t.test('the application’s own pings still work, even where it sends as many as are allowed', async (t) => {
  const { accepted, raw } = await rawHttp2(t);
  const pings = pingsTo(raw);
  const { beat, gone } = heartbeat(t, [accepted], { timeout: 1_000 });
  let answered = 0;
  let own = 0;
  while (accepted.ping(() => (answered += 1))) own += 1;
  t.ok(own >= 10);
  await poll('its turn', () => beat.snapshot().waiting === 1);
  await poll('they arrive', () => pings.length >= own);
  for (const ping of pings.splice(0)) raw.write(pong(ping));
  await poll('all answered', () => answered >= own);
  await poll('one of the heartbeat', () => pings.length === 1);
  t.strictSame(gone, []);
});

void t.test('only sessions with open streams are pinged and judged, with onlyWithStreams', async (t) => {
  const { client, accepted, server } = await http2Sessions(t);
  const pings = times(client);
  const { beat, gone } = heartbeat(t, [accepted], { onlyWithStreams: true, timeout: slow });
  await delay(3 * interval);
  t.equal(pings.length, 0);
  const streaming = once(server, 'stream') as Promise<[http2.ServerHttp2Stream]>;
  const request = client.request().on('error', () => undefined);
  const [stream] = await within(slow, 'a stream', streaming);
  stream.on('error', () => undefined);
  await poll('pings', () => pings.length >= 2);
  request.close();
  await once(request, 'close');
  await poll('the end of the stream', () => stream.closed);
  await delay(interval); // one may be on its way
  const { length } = pings;
  await delay(3 * interval);
  t.equal(pings.length, length);
  t.match(beat.snapshot(), { sessions: 1, waiting: 0 });
  t.strictSame(gone, []);
});

void t.test('onlyWithStreams where the runtime does not tell the streams', async (t) => {
  const { client } = await http2Sessions(t);
  const unknown = Object.create(client) as Http2Session; // without own symbols
  const { beat } = heartbeat(t, [], { onlyWithStreams: true });
  t.throws(() => beat.add(unknown), { code: 'ERR_KEEPALIVE_UNSUPPORTED', option: 'onlyWithStreams' });
  t.equal(beat.snapshot().sessions, 0);
});

const ends: Record<string, (sessions: { client: Http2Session; accepted: ServerHttp2Session }) => void> = {
  'it closes': ({ accepted }) => accepted.close(),
  'it is destroyed': ({ accepted }) => accepted.destroy(),
  'its peer says GOAWAY': ({ client }) => client.goaway(),
  'its peer is destroyed': ({ client }) => client.destroy(),
};
for (const [how, end] of Object.entries(ends)) {
  void t.test(`a session is removed: ${how}`, async (t) => {
    const sessions = await http2Sessions(t);
    const thrown = caught(t);
    const { beat, gone } = heartbeat(t, [sessions.accepted], { interval: 50, timeout: 50 });
    // With a stream that keeps a closing session open.
    sessions.client.request().on('error', () => undefined);
    await once(sessions.accepted, 'stream').then(([stream]) => (stream as http2.Http2Stream).on('error', () => 0));
    end(sessions);
    await poll('it is forgotten', () => beat.snapshot().sessions === 0);
    await delay(300);
    t.strictSame(gone, []);
    t.strictSame(thrown, []);
    beat.add(sessions.accepted);
    t.equal(beat.snapshot().sessions, 0, 'nor is it taken again');
  });
}

void t.test('sessions inside fastify', async (t) => {
  const app = fastify({ http2: true });
  app.get('/', () => 'ok');
  t.teardown(() => app.close());
  const { beat } = heartbeat(t, [], { timeout: slow });
  app.server.on('session', (session) => beat.add(session));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const client = http2.connect(url);
  t.teardown(() => client.destroy());
  const pings = times(client);
  await poll('pings', () => pings.length >= 2);
  client.destroy();
  await poll('none', () => beat.snapshot().sessions === 0);
});

void t.test('no listener is left on a session, and no error is swallowed', async (t) => {
  const { accepted } = await http2Sessions(t);
  const counts = () => accepted.eventNames().map((name) => [name, accepted.listenerCount(name)]);
  const before = counts();
  const { beat } = heartbeat(t, [accepted]);
  t.equal(accepted.listenerCount('error'), before.find(([name]) => name === 'error')?.[1] ?? 0);
  beat.remove(accepted);
  beat.remove(accepted);
  t.strictSame(counts(), before);
  beat.add(accepted);
  beat[Symbol.dispose]();
  t.strictSame(counts(), before);
  t.equal(beat.snapshot().sessions, 0);
  await delay(2 * interval);
  t.equal(beat.snapshot().pingsSent, 0);
});

void t.test('an error that a session throws goes to `onError`, and the session is still judged', async (t) => {
  const failures: unknown[] = [];
  const { accepted } = await rawHttp2(t);
  accepted.ping = () => {
    throw new Error('mine');
  };
  const { gone } = heartbeat(t, [accepted], { onError: (error) => failures.push(error) });
  await poll('the end', () => gone.length === 1);
  t.match(failures, [{ message: 'mine' }]);
});

void t.test(
  'trustKernel: no ping while the kernel answers probes',
  { skip: process.platform !== 'linux' && 'lastHeard is Linux’s' },
  async (t) => {
    const { raw, accepted } = await rawHttp2(t);
    applyKeepalive(accepted.socket, { initialDelay: 1_000, interval: 1_000, count: 3 });
    const pings = pingsTo(raw);
    const { beat, gone } = heartbeat(t, [accepted], { interval: 2_000, trustKernel: true });
    await poll('pings saved', () => beat.snapshot().pingsSaved >= 2);
    t.equal(pings.length, 0);
    t.strictSame(gone, []);
  },
);

void t.test('200 sessions: pings spread over the interval', async (t) => {
  const { server, url } = await http2Server(t);
  const spread = 4_000;
  const beat = new Http2Heartbeat({ interval: spread, timeout: slow });
  t.teardown(() => beat.stop());
  server.on('session', (session) => beat.add(session));
  const count = 200;
  const pinged: number[] = [];
  const clients = Array.from({ length: count }, () => http2.connect(url));
  t.teardown(() => clients.forEach((client) => client.destroy()));
  for (const client of clients) client.on('error', () => undefined).on('ping', () => pinged.push(performance.now()));
  await poll('all', () => beat.snapshot().sessions === count);
  const start = performance.now();
  await poll('two intervals', () => pinged.length >= 2 * count);
  const parts = 10;
  const counts = new Array<number>(parts).fill(0);
  for (const time of pinged) {
    const part = Math.floor(((time - start - spread) * parts) / spread);
    if (part >= 0 && part < parts) counts[part]! += 1;
  }
  t.comment(`pings in each tenth of an interval: ${counts.join(' ')}`);
  t.ok(Math.max(...counts) <= 4 * (count / parts), 'no burst');
});

void t.test('the process is not kept running', async (t) => {
  const program = `
    const { Http2Heartbeat } = require('tcp-keepalive/heartbeat');
    new Http2Heartbeat({ interval: 100, timeout: 100 });`;
  const options = { encoding: 'utf8', timeout: slow, cwd: __dirname } as const;
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], options);
  t.equal(status, 0, stderr);
});

void t.test('bad arguments', async (t) => {
  const good = { interval, timeout };
  const bad = (options: unknown) => () => new Http2Heartbeat(options as never);
  t.throws(bad(undefined), { code: 'ERR_INVALID_ARG_TYPE', message: /options/ });
  for (const field of ['interval', 'timeout']) {
    t.throws(bad({ ...good, [field]: '5' }), { code: 'ERR_INVALID_ARG_TYPE', message: field });
    for (const value of [0, -1, Number.NaN, Infinity, 2 ** 31]) {
      t.throws(bad({ ...good, [field]: value }), { code: 'ERR_OUT_OF_RANGE', message: field });
    }
  }
  for (const field of ['onlyWithStreams', 'trustKernel', 'onError']) {
    t.throws(bad({ ...good, [field]: 1 }), { code: 'ERR_INVALID_ARG_TYPE', message: field });
  }
  const { beat } = heartbeat(t, []);
  const { client } = await http2Sessions(t);
  const stream = client.request().on('error', () => undefined);
  for (const session of [undefined, null, 5, {}, stream, client.socket, http2.createServer()]) {
    t.throws(() => beat.add(session as never), { code: 'ERR_INVALID_ARG_TYPE', message: /session/ });
  }
  for (const [name, socket] of Object.entries(await endedHttp2Sockets(t))) {
    t.throws(() => beat.add(socket as never), { code: 'ERR_KEEPALIVE_CLOSED' }, name);
  }
});
