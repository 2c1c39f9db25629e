// FACTS: what Node's own setKeepAlive and keepAlive options do before and after ours.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import t from 'tap';
import { applyKeepalive, disableKeepalive, readKeepalive } from 'tcp-keepalive';
import certificate from '../support/certificate.js';
import { held, heldBy } from '../support/oracle';
import { profile } from '../support/profiles';
import { listening, owned, tcpPair } from '../support/sockets';

// What Node makes of (true, milliseconds): libuv sets an interval of 1 s and a count of 10 beside it.
const byNode = (seconds: number) => [1, seconds, 1, 10];

void t.test('setKeepAlive before applyKeepalive: the profile wins, and both show when read', async (t) => {
  const { client } = await tcpPair(t);
  client.setKeepAlive(true, 20_000);
  t.strictSame(held(client).slice(0, 4), byNode(20));
  applyKeepalive(client, profile);
  t.strictSame(held(client), heldBy(profile));
});

void t.test('setKeepAlive before connect: the profile wins', async (t) => {
  const port = await listening(t, net.createServer());
  const socket = owned(t, net.connect({ port, host: '127.0.0.1', keepAlive: true, keepAliveInitialDelay: 20_000 }));
  socket.setKeepAlive(true, 20_000);
  applyKeepalive(socket, profile);
  socket.setKeepAlive(true, 21_000);
  await once(socket, 'connect');
  t.strictSame(held(socket), heldBy(profile));
});

void t.test(
  'setKeepAlive after ours overwrites the timing and leaves the user timeout; applying again mends it',
  async (t) => {
    const { client } = await tcpPair(t);
    applyKeepalive(client, profile);
    client.setKeepAlive(true, 20_000);
    t.strictSame(held(client), [...byNode(20), profile.userTimeout]);
    t.equal(readKeepalive(client).initialDelay, 20_000, 'and readKeepalive tells');
    applyKeepalive(client, profile);
    t.strictSame(held(client), heldBy(profile));
  },
);

void t.test('setKeepAlive(false) after applyKeepalive is skipped by Node; disableKeepalive is not', async (t) => {
  const { client } = await tcpPair(t);
  applyKeepalive(client, profile);
  client.setKeepAlive(false);
  t.strictSame(held(client), heldBy(profile));
  disableKeepalive(client);
  t.equal(held(client)[0], 0);
});

void t.test('setKeepAlive again with the values that Node remembers is skipped by Node', async (t) => {
  const { client } = await tcpPair(t);
  client.setKeepAlive(true, 20_000);
  applyKeepalive(client, profile);
  client.setKeepAlive(true, 20_000);
  t.strictSame(held(client), heldBy(profile));
});

void t.test('a profile as options of setKeepAlive, where Node takes options', async (t) => {
  const { client } = await tcpPair(t);
  const hasOptions = net.Socket.prototype.setKeepAlive.length >= 4;
  if (!hasOptions) return t.pass(`${process.version} takes an options object as true`);
  const { initialDelay, interval, count } = profile;
  const setKeepAlive = client.setKeepAlive.bind(client) as unknown as (options: object) => Socket;
  setKeepAlive({ enable: true, initialDelay, interval, count });
  t.strictSame(held(client), [1, 41, 7, 5, 0]);
});

void t.test('a server with keepAlive and a delay: applyKeepalive in ’connection’ wins', async (t) => {
  const { accepted } = await tcpPair(t, '127.0.0.1', { keepAlive: true, keepAliveInitialDelay: 20_000 });
  t.strictSame(held(accepted).slice(0, 4), byNode(20));
  applyKeepalive(accepted, profile);
  t.strictSame(held(accepted), heldBy(profile));
});

void t.test('tls.connect with keepAlive, which Node 18 to 22 ignore: the profile holds in either case', async (t) => {
  const port = await listening(t, tls.createServer(certificate));
  const options = {
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    keepAlive: true,
    keepAliveInitialDelay: 20_000,
  };
  const socket = owned(t, tls.connect(options));
  applyKeepalive(socket, profile);
  await once(socket, 'secureConnect');
  t.strictSame(held(socket), heldBy(profile));
});

void t.test('the socket of a request, and of a response', async (t) => {
  const server = http.createServer((request, response) => {
    applyKeepalive(request.socket, profile);
    response.end(JSON.stringify(held(request.socket)));
  });
  const port = await listening(t, server);
  const request = http.get({ port, host: '127.0.0.1', agent: false });
  request.on('socket', (socket) => applyKeepalive(socket, profile));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const [body] = (await once(response, 'data')) as [Buffer];
  t.strictSame(JSON.parse(String(body)), heldBy(profile), "the server's end");
  t.strictSame(held(response.socket), heldBy(profile), "the client's end, applied while connecting");
  response.destroy();
});

void t.test('the socket of an https request', async (t) => {
  const server = https.createServer(certificate, (_request, response) => void response.end('.'));
  const port = await listening(t, server);
  const request = https.get({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false });
  request.on('socket', (socket) => applyKeepalive(socket, profile));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  t.strictSame(held(response.socket), heldBy(profile));
  response.destroy();
});
