// applyKeepaliveToProcess: servers of every kind.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import {
  applyKeepalive,
  applyKeepaliveToProcess,
  applyKeepaliveToServer,
  type KeepaliveProfile,
  type ProcessKeepaliveOptions,
} from 'tcp-keepalive';
import certificate from '../support/certificate.js';
import { held, heldBy, poke } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { secondCopy } from '../support/second-copy';
import { listening, owned, tcpPair, unixPath } from '../support/sockets';

const fresh = [0, 7_200, 75, 9, 0];

function tuned(t: Test, options: ProcessKeepaliveOptions = { servers: profile }) {
  const process = applyKeepaliveToProcess(options);
  t.teardown(() => process.stop());
  return process;
}

/** The next accepted connection, and what it holds when the first 'connection' listener sees it. */
async function nextConnection(t: Test, server: Server): Promise<[Socket, number[]]> {
  const { port } = server.address() as net.AddressInfo;
  let seen: number[] = [];
  server.prependOnceListener('connection', (socket) => (seen = held(socket)));
  const accepting = once(server, 'connection') as Promise<[Socket]>;
  owned(t, net.connect(port, '127.0.0.1'));
  const [accepted] = await accepting;
  return [owned(t, accepted), seen];
}

const keepAlive = { keepAlive: true, keepAliveInitialDelay: 9_000 };
const kinds: Record<string, () => Server> = {
  net: () => net.createServer(),
  'net with keepAlive': () => net.createServer(keepAlive),
  tls: () => tls.createServer(certificate),
  http: () => http.createServer(),
  'http with keepAlive': () => http.createServer(keepAlive),
  https: () => https.createServer(certificate),
  http2: () => http2.createServer(),
  'http2 secure': () => http2.createSecureServer(certificate),
};

for (const [name, create] of Object.entries(kinds)) {
  void t.test(`${name}: made before or after, listening again`, async (t) => {
    const before = create();
    const process = tuned(t);
    for (const server of [before, create()]) {
      for (const round of [1, 2]) {
        let atListening: number[] = [];
        server.prependOnceListener('listening', () => (atListening = held(server)));
        await listening(t, server);
        t.strictSame(atListening, heldBy(profile), `before 'listening', round ${round}`);
        for (let i = 0; i < 3; i += 1) {
          const [socket, seen] = await nextConnection(t, server);
          t.strictSame(seen, heldBy(profile));
          socket.setKeepAlive(true, 2_000);
          t.strictSame(held(socket), heldBy(profile), 'setKeepAlive is ignored');
          socket.destroy();
        }
        if (round === 1) await new Promise((resolve) => server.close(resolve));
      }
    }
    t.strictSame(process.snapshot(), { servers: 4, connections: 0, refused: 0 });
  });
}

void t.test('a server that listens already, with connections that wait to be accepted', async (t) => {
  const server = net.createServer();
  const port = await listening(t, server);
  const [old] = await nextConnection(t, server);
  const seen: number[][] = [];
  server.on('connection', (socket) => void seen.push(held(owned(t, socket))));
  const state = new SharedArrayBuffer(4);
  const worker = new Worker(require.resolve('./server/queued-clients.js'), {
    workerData: { host: '127.0.0.1', port, count: 5, state },
  });
  t.teardown(() => worker.terminate());
  await once(worker, 'online');
  // Meanwhile the event loop stands still: nothing is accepted.
  const connected = new Int32Array(state);
  for (let count = 0; count < 5; count = Atomics.load(connected, 0)) Atomics.wait(connected, 0, count, 5_000);
  tuned(t);
  while (seen.length < 5) await once(server, 'connection');
  const [, last] = await nextConnection(t, server);
  t.strictSame(seen, Array(6).fill(heldBy(profile)));
  t.strictSame(last, heldBy(profile));
  t.strictSame(held(old), fresh, 'what was open stays as it is');
});

void t.test('a rule decides by server', async (t) => {
  const one = net.createServer();
  const two = net.createServer();
  const addresses: unknown[] = [];
  tuned(t, {
    servers: (server) => {
      addresses.push(server.address());
      return server === one ? profile : undefined;
    },
  });
  for (const server of [one, two]) await listening(t, server);
  t.strictSame(addresses, [one.address(), two.address()]);
  t.strictSame([held(one), held(two)], [heldBy(profile), fresh]);
  const [socket] = await nextConnection(t, two);
  socket.setKeepAlive(true, 2_000);
  t.strictSame(held(socket), [1, 2, 1, 10, 0], 'the connections of a server that is left alone too');
});

void t.test('a rule that fails leaves the server as it was and goes to onError', async (t) => {
  const errors: unknown[] = [];
  const rules = [
    () => {
      throw new Error('the rule');
    },
    () => 'presence' as unknown as KeepaliveProfile,
  ];
  let next = 0;
  const process = tuned(t, {
    servers: () => rules[next++]!(),
    onError: (error, target) => errors.push([error.message, target]),
  });
  const servers = [net.createServer(), net.createServer()];
  for (const server of servers) {
    await listening(t, server);
    t.strictSame(held(server), fresh);
    t.strictSame((await nextConnection(t, server))[1], fresh);
  }
  t.match(errors, [
    ['the rule', servers[0]],
    [/KeepaliveProfile object/, servers[1]],
  ]);
  t.equal(process.snapshot().refused, 2);
});

void t.test('stop() restores the listener, unless other code has changed it', async (t) => {
  const servers = [net.createServer(), net.createServer(), net.createServer()] as const;
  const process = tuned(t);
  for (const server of servers) await listening(t, server);
  const [open] = await nextConnection(t, servers[0]);
  poke(servers[1], 'TCP_KEEPIDLE', 17);
  await new Promise((resolve) => servers[2].close(resolve));
  process.stop();
  t.strictSame(held(servers[0]), fresh);
  t.strictSame((await nextConnection(t, servers[0]))[1], fresh);
  t.strictSame(held(open), heldBy(profile), 'a connection keeps what it has');
  t.strictSame(held(servers[1]), [1, 17, ...heldBy(profile).slice(2)]);
  await listening(t, servers[2]);
  t.strictSame(held(servers[2]), fresh);
});

void t.test('a second call, also from another copy, re-tunes the servers that listen', async (t) => {
  const server = net.createServer();
  await listening(t, server);
  const unreferenced = net.createServer().unref();
  tuned(t);
  await listening(t, unreferenced);
  const both = () => [held(server), held(unreferenced)];
  t.strictSame(both(), [heldBy(profile), heldBy(profile)]);
  const copy = secondCopy().applyKeepaliveToProcess({ servers: other });
  t.strictSame(both(), [heldBy(other), heldBy(other)]);
  t.strictSame((await nextConnection(t, server))[1], heldBy(other));
  const last = tuned(t);
  t.strictSame(both(), [heldBy(profile), heldBy(profile)]);
  copy.stop();
  t.strictSame((await nextConnection(t, unreferenced))[1], heldBy(profile));
  last.stop();
  t.strictSame(both(), [fresh, fresh]);
});

void t.test('applyKeepaliveToServer has the last word', async (t) => {
  const early = net.createServer();
  const early2 = net.createServer();
  const late = net.createServer();
  await listening(t, early);
  applyKeepaliveToServer(early, other);
  applyKeepaliveToServer(early2, other);
  tuned(t);
  await listening(t, early2);
  await listening(t, late);
  const stopped = applyKeepaliveToServer(late, other);
  for (const server of [early, early2, late]) {
    t.strictSame(held(server), heldBy(other));
    t.strictSame((await nextConnection(t, server))[1], heldBy(other));
  }
  stopped.stop();
  t.strictSame(held(late), heldBy(profile), 'then the rule again');
});

void t.test('a rule that stops leaves the profile of a server', async (t) => {
  for (const own of [profile, other]) {
    const process = tuned(t);
    const server = net.createServer();
    await listening(t, server);
    const tunedServer = applyKeepaliveToServer(server, own);
    await nextConnection(t, server);
    process.stop();
    t.strictSame((await nextConnection(t, server))[1], heldBy(own));
    tunedServer.stop();
    t.strictSame(held(server), fresh, 'and what was there before the rule is restored');
  }
  const rule = tuned(t);
  const server = net.createServer();
  await listening(t, server);
  const { initialDelay, interval, count } = other;
  applyKeepaliveToServer(server, { initialDelay, interval, count });
  t.strictSame(held(server), heldBy({ ...other, userTimeout: profile.userTimeout }));
  rule.stop();
  t.strictSame(held(server), heldBy({ ...other, userTimeout: 0 }), 'with the user timeout from before the rule');
});

void t.test('another copy finds the profile of a server', async (t) => {
  const server = net.createServer();
  await listening(t, server);
  const copy = secondCopy();
  const own = applyKeepaliveToServer(server, other);
  const rule = copy.applyKeepaliveToProcess({ servers: profile });
  t.teardown(() => rule.stop());
  t.strictSame((await nextConnection(t, server))[1], heldBy(other));
  t.equal(copy.applyKeepaliveToServer(server, profile), own);
  t.strictSame(held(server), heldBy(profile));
  own.stop();
  t.strictSame(held(server), fresh);
});

void t.test('applyKeepalive on an accepted connection has the last word', async (t) => {
  tuned(t);
  const { accepted } = await tcpPair(t);
  applyKeepalive(accepted, other);
  accepted.setKeepAlive(true, 2_000);
  t.strictSame(held(accepted), heldBy(other));
});

void t.test('two servers on one handle; a Unix-domain socket; a port that is taken', async (t) => {
  const process = tuned(t);
  const first = net.createServer();
  const port = await listening(t, first);
  const second = owned(t, net.createServer());
  second.listen(first);
  await once(second, 'listening');
  t.strictSame((await nextConnection(t, second))[1], heldBy(profile));
  const unix = owned(t, net.createServer()).listen(unixPath(t));
  await once(unix, 'listening');
  const third = net.createServer().listen(port, '127.0.0.1');
  const [error] = (await once(third, 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'EADDRINUSE');
  t.strictSame(process.snapshot(), { servers: 2, connections: 0, refused: 0 });
});
