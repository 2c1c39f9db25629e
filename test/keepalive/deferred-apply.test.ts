import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import t from 'tap';
import { applyKeepalive, disableKeepalive, readKeepalive } from 'tcp-keepalive';
import certificate from '../support/certificate.js';
import { held, heldBy } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { secondCopy } from '../support/second-copy';
import { listening, owned, tcpPair } from '../support/sockets';

void t.test('before connect: false, and in the kernel before any listener runs', async (t) => {
  const port = await listening(t, net.createServer());
  const socket = owned(t, new net.Socket());
  const seen: number[][] = [];
  socket.on('connect', () => seen.push(held(socket)));
  t.equal(applyKeepalive(socket, profile), false);
  socket.connect(port, '127.0.0.1', () => seen.push(held(socket)));
  t.equal(applyKeepalive(socket, profile), false, 'while connecting');
  t.throws(() => readKeepalive(socket), { code: 'ERR_KEEPALIVE_NOT_CONNECTED' });
  await once(socket, 'connect');
  t.strictSame(seen, [heldBy(profile), heldBy(profile)]);
});

void t.test('the last profile before connect wins', async (t) => {
  const port = await listening(t, net.createServer());
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  applyKeepalive(socket, profile);
  applyKeepalive(socket, other);
  await once(socket, 'connect');
  t.strictSame(held(socket), heldBy(other));
  t.equal(socket.listenerCount('connect'), 1, 'one listener, however often');
});

void t.test('disabled before connect: forgotten', async (t) => {
  const port = await listening(t, net.createServer());
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  applyKeepalive(socket, profile);
  disableKeepalive(socket);
  t.equal(socket.listenerCount('connect'), 0);
  await once(socket, 'connect');
  t.equal(held(socket)[0], 0);
});

for (const [when, apply] of [
  ['before its first connect', (socket: Socket) => void applyKeepalive(socket, profile)],
  ['once connected', (socket: Socket) => void socket.once('connect', () => applyKeepalive(socket, profile))],
] as const) {
  void t.test(`the same object connects again, applied ${when}`, async (t) => {
    const port = await listening(
      t,
      net.createServer((accepted) => void owned(t, accepted)),
    );
    const socket = owned(t, new net.Socket());
    apply(socket);
    for (const round of [1, 2, 3]) {
      socket.connect(port, '127.0.0.1');
      await once(socket, 'connect');
      t.strictSame(held(socket), heldBy(profile), `connection ${round}`);
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    }
    disableKeepalive(socket);
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    t.equal(held(socket)[0], 0, 'until it is disabled');
  });
}

void t.test('a host name with several addresses, of which the first refuses', async (t) => {
  const port = await listening(t, net.createServer(), { host: '127.0.0.1' });
  const socket = owned(t, new net.Socket());
  t.equal(applyKeepalive(socket, profile), false);
  socket.connect({
    port,
    host: 'device.example',
    autoSelectFamily: true,
    lookup: (_name, _options, found) => {
      found(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]);
    },
  });
  await once(socket, 'connect');
  t.equal(socket.remoteAddress, '127.0.0.1');
  t.strictSame(held(socket), heldBy(profile));
});

void t.test('TLS before connect', async (t) => {
  const port = await listening(t, tls.createServer(certificate));
  const socket = owned(t, tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }));
  t.equal(applyKeepalive(socket, profile), false);
  await once(socket, 'secureConnect');
  t.strictSame(held(socket), heldBy(profile));
});

void t.test('TLS over a socket that connects later', async (t) => {
  const port = await listening(t, tls.createServer(certificate));
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  const secure = owned(t, tls.connect({ socket, rejectUnauthorized: false }));
  t.equal(applyKeepalive(secure, profile), false);
  await once(secure, 'secureConnect');
  t.strictSame(held(socket), heldBy(profile));
});

void t.test('a refused connection: the error is the refusal', async (t) => {
  const server = net.createServer();
  const port = await listening(t, server);
  server.close();
  await once(server, 'close');
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  applyKeepalive(socket, profile);
  const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNREFUSED');
});

void t.test('disabled in an earlier connect listener', async (t) => {
  const port = await listening(t, net.createServer());
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  applyKeepalive(socket, profile);
  socket.prependListener('connect', () => disableKeepalive(socket));
  await once(socket, 'connect');
  t.equal(held(socket)[0], 0);
});

void t.test('two copies of the package: one profile, the last one', async (t) => {
  const second = secondCopy();
  t.not(second.applyKeepalive, applyKeepalive);

  const port = await listening(t, net.createServer());
  const socket = owned(t, new net.Socket());
  applyKeepalive(socket, profile);
  second.applyKeepalive(socket, other);
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  t.strictSame(held(socket), heldBy(other));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy();
  await closed;
  disableKeepalive(socket);
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  t.equal(held(socket)[0], 0, 'and either copy can take it away');
});

void t.test('destroyed by an earlier connect listener', async (t) => {
  const port = await listening(t, net.createServer());
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  applyKeepalive(socket, profile);
  socket.prependListener('connect', () => void socket.destroy());
  await once(socket, 'close');
  t.pass('nothing is applied and nothing thrown');
});

void t.test(
  'removeAllListeners also removes the profile of later connections; applyKeepalive restores it',
  async (t) => {
    const port = await listening(t, net.createServer());
    const socket = owned(t, new net.Socket());
    applyKeepalive(socket, profile);
    socket.removeAllListeners('connect');
    applyKeepalive(socket, profile);
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    t.strictSame(held(socket), heldBy(profile));
  },
);

void t.test('an accepted socket gets no listener', async (t) => {
  const { accepted } = await tcpPair(t);
  applyKeepalive(accepted, profile);
  t.equal(accepted.listenerCount('connect'), 0);
});
