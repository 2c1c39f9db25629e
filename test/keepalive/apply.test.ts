import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import http2 from 'node:http2';
import net, { type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { applyKeepalive, disableKeepalive, readKeepalive, readSystemKeepalive } from 'tcp-keepalive';
import certificate from '../support/certificate.js';
import { held, heldBy, poke, timerShownBySs } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { listening, owned, tcpPair, tlsPair, unixPair } from '../support/sockets';

const fresh = [0, 7_200, 75, 9, 0];

/** Applies, asks the kernel, reads, applies another profile, disables. */
function exercise(t: Test, socket: Socket, fd: () => number[] = () => held(socket)): void {
  t.not(fd()[1], profile.initialDelay / 1_000, 'not there before');
  t.equal(applyKeepalive(socket, profile), true);
  t.strictSame(fd(), heldBy(profile));
  t.strictSame(readKeepalive(socket), { enabled: true, ...profile });
  t.equal(applyKeepalive(socket, other), true);
  t.strictSame(fd(), heldBy(other));
  disableKeepalive(socket);
  t.strictSame(fd(), [0, ...heldBy(other).slice(1, 4), 0], 'off, user timeout back, timing left');
  t.equal(readKeepalive(socket).enabled, false);
}

for (const [name, host] of [
  ['IPv4', '127.0.0.1'],
  ['IPv6', '::1'],
] as const) {
  void t.test(`${name}, client and accepted`, async (t) => {
    const { client, accepted } = await tcpPair(t, host);
    t.strictSame(held(client), fresh);
    exercise(t, client);
    t.strictSame(held(accepted), fresh, 'the other end is untouched');
    exercise(t, accepted);
  });
}

void t.test('ss shows the keepalive timer', async (t) => {
  const { accepted } = await tcpPair(t);
  t.equal(timerShownBySs(accepted.localPort!), undefined);
  applyKeepalive(accepted, profile);
  t.match(timerShownBySs(accepted.localPort!), /^keepalive,(40|41)sec,0$/);
  disableKeepalive(accepted);
  t.equal(timerShownBySs(accepted.localPort!), undefined);
});

void t.test('TLS, both ends', async (t) => {
  const { client, accepted } = await tlsPair(t);
  exercise(t, client);
  exercise(t, accepted);
});

void t.test('TLS over a connected socket, seen from either object', async (t) => {
  const server = tls.createServer(certificate);
  const port = await listening(t, server);
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  await once(socket, 'connect');
  const secure = owned(t, tls.connect({ socket, rejectUnauthorized: false }));
  await once(secure, 'secureConnect');
  t.equal(applyKeepalive(secure, profile), true);
  t.strictSame(held(socket), heldBy(profile));
  t.strictSame(readKeepalive(socket), readKeepalive(secure));
});

void t.test('TLS over TLS', async (t) => {
  const inner = tls.createServer(certificate);
  const innerPort = await listening(t, inner);
  const outer = tls.createServer(certificate, (socket) => {
    owned(t, socket)
      .pipe(owned(t, net.connect(innerPort, '127.0.0.1')))
      .pipe(socket);
  });
  const outerPort = await listening(t, outer);
  const first = owned(t, tls.connect({ port: outerPort, host: '127.0.0.1', rejectUnauthorized: false }));
  await once(first, 'secureConnect');
  const second = owned(t, tls.connect({ socket: first, rejectUnauthorized: false }));
  await once(second, 'secureConnect');
  t.equal(applyKeepalive(second, profile), true);
  t.strictSame(held(first), heldBy(profile));
});

void t.test('TLS over a stream that is not a socket', async (t) => {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const secure = owned(t, tls.connect({ socket: stream, rejectUnauthorized: false }));
  const expected = { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_NOT_TCP' };
  t.throws(() => applyKeepalive(secure, profile), expected);
  t.throws(() => readKeepalive(secure), expected);
  t.throws(() => disableKeepalive(secure), expected);
  t.equal(secure.listenerCount('connect'), 0, 'nothing waits');
});

for (const secure of [false, true]) {
  void t.test(`http2 session sockets, ${secure ? 'secure' : 'plain'}`, async (t) => {
    const server = secure ? http2.createSecureServer(certificate) : http2.createServer();
    const port = await listening(t, server);
    const accepting = once(server, 'session') as Promise<[http2.ServerHttp2Session]>;
    const scheme = secure ? 'https' : 'http';
    const session = http2.connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false });
    session.on('error', () => undefined);
    t.equal(applyKeepalive(session.socket, profile), false, 'before connect');
    await once(session, 'connect');
    t.strictSame(held(session.socket), heldBy(profile), 'applied in connect');
    const [serverSession] = await accepting;
    exercise(t, serverSession.socket);
    const noManipulation = { code: 'ERR_HTTP2_NO_SOCKET_MANIPULATION' };
    t.throws(() => serverSession.socket.setKeepAlive(true), noManipulation, "Node's own way is closed");

    const { socket } = session;
    const closed = once(session, 'close');
    session.destroy();
    await closed;
    t.throws(() => applyKeepalive(socket, profile), { code: 'ERR_KEEPALIVE_CLOSED' });
    t.throws(() => readKeepalive(socket), { code: 'ERR_KEEPALIVE_CLOSED' });
    t.doesNotThrow(() => disableKeepalive(socket), 'there is nothing left to turn off');
    serverSession.destroy();
  });
}

void t.test('the socket of an http2 request, while its stream lives and after', async (t) => {
  const server = http2.createServer();
  const port = await listening(t, server);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  t.teardown(() => session.destroy());
  session.request().end().resume();
  const [request, response] = (await once(server, 'request')) as [http2.Http2ServerRequest, http2.Http2ServerResponse];
  exercise(t, request.socket);
  const { socket } = request;
  const closed = new Promise((resolve) => request.stream.once('close', resolve));
  response.end();
  await closed;
  t.throws(() => applyKeepalive(socket, profile), { code: 'ERR_KEEPALIVE_CLOSED' });
  t.throws(() => readKeepalive(socket), { code: 'ERR_KEEPALIVE_CLOSED' });
  t.doesNotThrow(() => disableKeepalive(socket));
});

void t.test('TLS over a socket that was just destroyed', async (t) => {
  const server = tls.createServer(certificate);
  const port = await listening(t, server);
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  await once(socket, 'connect');
  const secure = tls.connect({ socket, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  const closed = new Promise((resolve) => secure.once('close', resolve));
  socket.destroy();
  t.throws(() => applyKeepalive(secure, profile), { code: 'ERR_KEEPALIVE_CLOSED' });
  t.throws(() => readKeepalive(secure), { code: 'ERR_KEEPALIVE_CLOSED' });
  await closed; // Node 20 crashes when the upper one is destroyed before that
});

const prlimit = spawnSync('prlimit', ['--version']).error === undefined || 'prlimit is not installed';
void t.test(
  'out of descriptors: applied without the trial on a scratch socket',
  { skip: prlimit !== true && prlimit },
  async (t) => {
    const { client } = await tcpPair(t);
    const opened: number[] = [];
    t.teardown(() => opened.forEach((fd) => closeSync(fd)));
    t.equal(spawnSync('prlimit', [`--pid=${process.pid}`, '--nofile=200:']).status, 0);
    try {
      for (;;) opened.push(openSync('/dev/null', 'r'));
    } catch (error) {
      t.match(error, { code: 'EMFILE' });
    }
    t.throws(() => readSystemKeepalive(), { code: 'EMFILE', syscall: 'socket' });
    t.equal(applyKeepalive(client, { ...profile, interval: 8_000 }), true);
    t.equal(held(client)[2], 8);
  },
);

void t.test('Unix-domain sockets', async (t) => {
  const { client, accepted, server } = await unixPair(t);
  const expected = { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_NOT_TCP' };
  for (const socket of [client, accepted]) {
    t.throws(() => applyKeepalive(socket, profile), expected);
    t.throws(() => readKeepalive(socket), expected);
    t.throws(() => disableKeepalive(socket), expected);
  }
  t.throws(() => readKeepalive(server), expected);
  const connecting = owned(t, net.connect(server.address() as string));
  t.throws(() => applyKeepalive(connecting, profile), expected, 'while connecting');
});

void t.test('a pipe that is not a socket', async (t) => {
  const child = (await import('node:child_process')).spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  t.teardown(() => child.kill());
  const stdin: unknown = child.stdin;
  t.throws(() => applyKeepalive(stdin as Socket, profile), { code: 'ERR_KEEPALIVE_NOT_TCP' });
});

void t.test('a destroyed socket', async (t) => {
  const { client, accepted } = await tcpPair(t);
  accepted.destroy();
  client.destroy();
  for (const socket of [client, accepted]) {
    t.throws(() => applyKeepalive(socket, profile), { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_CLOSED' });
    t.throws(() => readKeepalive(socket), { code: 'ERR_KEEPALIVE_CLOSED' });
    t.doesNotThrow(() => disableKeepalive(socket), 'there is nothing left to turn off');
  }
});

void t.test('a socket that its peer has reset', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const closed = new Promise((resolve) => accepted.once('close', resolve));
  client.resetAndDestroy();
  await closed;
  t.throws(() => applyKeepalive(accepted, profile), { code: 'ERR_KEEPALIVE_CLOSED' });
});

void t.test('a half-closed socket, from either side', async (t) => {
  const { client, accepted } = await tcpPair(t, '127.0.0.1', { allowHalfOpen: true });
  const ended = once(accepted, 'end');
  accepted.resume();
  client.end();
  await ended;
  exercise(t, accepted);
  exercise(t, client);
});

void t.test('a paused socket with data waiting', async (t) => {
  const { client, accepted } = await tcpPair(t);
  accepted.pause();
  client.write('x'.repeat(100_000));
  exercise(t, accepted);
  t.equal(accepted.isPaused(), true);
});

void t.test('a user timeout that is absent, 0, a number, or a match', async (t) => {
  const { accepted } = await tcpPair(t);
  const timing = { initialDelay: 30_000, interval: 5_000, count: 3 };
  const cases = [
    [undefined, 0, 0],
    [61_234, 0, 61_234],
    [undefined, 5_000, 5_000],
    [0, 5_000, 0],
    ['match', 5_000, 45_000],
  ] as const;
  for (const [userTimeout, before, after] of cases) {
    poke(accepted, 'TCP_USER_TIMEOUT', before);
    applyKeepalive(accepted, { ...timing, userTimeout });
    t.equal(held(accepted)[4], after, `${userTimeout} over ${before}`);
  }
});

void t.test('a socket keeps its listeners, its blocking mode and its data', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const events = accepted.eventNames();
  applyKeepalive(accepted, profile);
  t.strictSame(accepted.eventNames(), events);
  const data = once(client, 'data');
  accepted.write('still here');
  t.equal(String((await data)[0]), 'still here');
});

void t.test('anything but a socket is ERR_INVALID_ARG_TYPE', async (t) => {
  const expected = {
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_TYPE',
    message: /"socket" argument must be a net.Socket/,
  };
  for (const value of [undefined, null, 7, 'socket', {}, { _handle: { fd: 1 } }, new Duplex(), net.createServer()]) {
    t.throws(() => applyKeepalive(value as never, profile), expected);
    t.throws(() => disableKeepalive(value as never), expected);
  }
  t.throws(() => readKeepalive({} as never), expected);
});
