import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type Server, type Socket } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { applyKeepalive, applyKeepaliveToServer } from 'tcp-keepalive';
import certificate from '../support/certificate.js';
import { fdOf, held, heldBy, poke } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { listening, owned, unixPair, unixPath } from '../support/sockets';

const fresh = [0, 7_200, 75, 9, 0];

/** What the kernel holds for the next `count` connections when a user's 'connection' listener first sees them. */
async function nextConnections(t: Test, server: Server, count = 1, host = '127.0.0.1'): Promise<number[][]> {
  const { port } = server.address() as net.AddressInfo;
  const seen: number[][] = [];
  const look = (socket: Socket) => void seen.push(held(owned(t, socket)));
  server.prependListener('connection', look);
  await nextTurn(); // a listener that was prepended is overtaken after this turn
  for (let i = 0; i < count; i += 1) {
    const client = owned(t, net.connect(port, host));
    const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
      [Socket],
      unknown,
    ];
    client.destroy();
    accepted.destroy();
  }
  server.removeListener('connection', look);
  return seen;
}

/** Listeners of ours on a server: it must get along without any once connections inherit. */
function ours(server: Server, event = 'connection'): number {
  return server.listeners(event).length - plain(server).listeners(event).length;
}

function plain(server: Server): Server {
  return kinds.find(([, create]) => create().constructor === server.constructor)![1]();
}

const kinds: [string, () => Server][] = [
  ['net', () => net.createServer()],
  ['tls', () => tls.createServer(certificate)],
  ['http', () => http.createServer()],
  ['https', () => https.createServer(certificate)],
  ['http2', () => http2.createServer()],
  ['http2 secure', () => http2.createSecureServer(certificate)],
];

for (const [name, create] of kinds) {
  void t.test(`${name}: before and after listen, close, listen again, update, stop`, async (t) => {
    const server = create();
    const tuned = applyKeepaliveToServer(server, profile);
    t.equal(tuned.mode, 'connection', 'nothing listens yet');
    for (const round of [1, 2]) {
      await listening(t, server);
      t.equal(tuned.mode, 'listener');
      t.strictSame(held(server), heldBy(profile));
      t.strictSame(await nextConnections(t, server, 3), Array(3).fill(heldBy(profile)), `listening ${round}`);
      t.equal(ours(server), 0, 'and nothing is looked at any more');
      if (round === 1) await new Promise((resolve) => server.close(resolve));
    }
    tuned.update(other);
    t.strictSame(await nextConnections(t, server, 2), Array(2).fill(heldBy(other)), 'updated');
    tuned.stop();
    t.equal(tuned.mode, 'connection');
    t.strictSame(held(server), fresh, 'the listener is as it was');
    t.strictSame(await nextConnections(t, server), [fresh]);
    for (const event of ['connection', 'listening', 'newListener']) t.equal(ours(server, event), 0, event);
    t.doesNotThrow(() => tuned.stop(), 'twice');
  });
}

for (const [name, options, host] of [
  ['a host name', { host: 'localhost' }, undefined],
  ['IPv6 dual stack, reached by IPv4', { host: '::' }, '127.0.0.1'],
  ['IPv6', { host: '::1' }, '::1'],
] as const) {
  void t.test(`listening on ${name}`, async (t) => {
    const server = net.createServer();
    applyKeepaliveToServer(server, profile);
    await listening(t, server, options);
    const reached = host ?? (server.address() as net.AddressInfo).address;
    t.strictSame(await nextConnections(t, server, 2, reached), Array(2).fill(heldBy(profile)));
  });
}

void t.test('listening on a descriptor that another process opened', async (t) => {
  const first = net.createServer();
  const port = await listening(t, first);
  const child = spawn(process.execPath, [require.resolve('./server/listen-on-descriptor.js')], {
    stdio: ['ignore', 'pipe', 'inherit', fdOf(first)],
  });
  t.teardown(() => child.kill());
  first.close(); // only the child accepts
  for (let i = 0; i < 3; i += 1) {
    owned(t, net.connect(port, '127.0.0.1'));
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    t.strictSame(JSON.parse(String(line)), { mode: 'listener', holds: { enabled: true, ...profile } });
  }
});

const strace = spawnSync('strace', ['-V']).error === undefined;
void t.test('a connection costs no system call', { skip: !strace && 'strace is not installed' }, async (t) => {
  const traced = (connections: number) => {
    const program = [process.execPath, require.resolve('./server/traced-server.js'), String(connections)];
    const file = path.join(t.testdir({}), 'trace');
    const { status } = spawnSync('strace', ['-f', '-o', file, '-e', 'trace=getsockopt,setsockopt,accept4', ...program]);
    t.equal(status, 0);
    const lines = readFileSync(file, 'utf8').split('\n');
    const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
    return { accepted: count(/accept4\(.*\) = \d+$/), keepalive: count(/SO_KEEPALIVE|TCP_KEEP|TCP_USER_TIMEOUT/) };
  };
  const one = traced(1);
  const many = traced(51);
  t.strictSame([one.accepted, many.accepted], [1, 51]);
  t.ok(one.keepalive > 10, `the listener and the first connection: ${one.keepalive} calls`);
  t.equal(many.keepalive, one.keepalive, 'and 50 more connections: not one more');
});

void t.test('a server that listens already is restored to what it had, not to the defaults', async (t) => {
  const server = net.createServer();
  await listening(t, server);
  poke(server, 'TCP_KEEPIDLE', 17);
  poke(server, 'SO_KEEPALIVE', 1);
  const before = held(server);
  const tuned = applyKeepaliveToServer(server, profile);
  t.strictSame(held(server), heldBy(profile));
  tuned.update(other);
  tuned[Symbol.dispose]();
  t.strictSame(held(server), before);
});

void t.test('connections that wait to be accepted get the profile, also between two updates', async (t) => {
  const server = net.createServer();
  const port = await listening(t, server);
  const seen: number[][] = [];
  server.on('connection', (socket) => void seen.push(held(owned(t, socket))));

  // The event loop stands still meanwhile: nothing is accepted.
  const connectMeanwhile = (count: number) => {
    const state = new SharedArrayBuffer(4);
    const workerData = { host: '127.0.0.1', port, count, state };
    const worker = new Worker(require.resolve('./server/queued-clients.js'), { workerData });
    t.teardown(() => worker.terminate());
    const connected = new Int32Array(state);
    for (let now = 0; now < count; now = Atomics.load(connected, 0)) {
      if (Atomics.wait(connected, 0, now, 10_000) === 'timed-out') throw new Error('not connected in time');
    }
  };

  connectMeanwhile(5);
  const tuned = applyKeepaliveToServer(server, profile);
  connectMeanwhile(5);
  tuned.update(other);
  connectMeanwhile(5);
  tuned.update(profile);
  connectMeanwhile(5);
  t.equal(seen.length, 0);
  while (seen.length < 20) await once(server, 'connection');
  const [userTimeout, ...others] = heldBy(profile).reverse();
  t.strictSame(
    seen.map((options) => options.slice(0, -1)),
    Array(20).fill(others.reverse()),
    'none escapes',
  );
  const userTimeouts = seen.map((options) => options.at(-1)!);
  t.ok(Math.min(...userTimeouts) >= userTimeout!, `and is lent its silence in the queue: ${userTimeouts.join()}`);
  t.strictSame(await nextConnections(t, server, 2), Array(2).fill(heldBy(profile)));
  t.equal(ours(server), 1, 'only the listener of this test');
});

void t.test('keepAlive with a delay is overwritten by Node on accept: applied to each connection', async (t) => {
  const server = net.createServer({ keepAlive: true, keepAliveInitialDelay: 20_000 });
  const tuned = applyKeepaliveToServer(server, profile);
  await listening(t, server);
  t.equal(tuned.mode, 'connection');
  t.strictSame(await nextConnections(t, server, 4), Array(4).fill(heldBy(profile)));
});

void t.test('keepAlive without a delay is inherited', async (t) => {
  const server = net.createServer({ keepAlive: true });
  const tuned = applyKeepaliveToServer(server, profile);
  await listening(t, server);
  t.equal(tuned.mode, 'listener');
  t.strictSame(await nextConnections(t, server, 3), Array(3).fill(heldBy(profile)));
});

void t.test('called again: one profile, one set of listeners, and stop() restores the first state', async (t) => {
  const server = net.createServer();
  await listening(t, server);
  const tuned = applyKeepaliveToServer(server, profile);
  t.equal(applyKeepaliveToServer(server, other), tuned);
  t.strictSame(held(server), heldBy(other));
  t.equal(ours(server), 1);
  tuned.stop();
  t.strictSame(held(server), fresh);
  t.not(applyKeepaliveToServer(server, profile), tuned, 'after stop() it is a new one');
});

void t.test('stopped in the turn in which a listener was added', async (t) => {
  const server = net.createServer();
  const tuned = applyKeepaliveToServer(server, profile);
  server.on('connection', () => undefined);
  tuned.stop();
  await nextTurn();
  t.equal(ours(server), 1, 'the one that was added');
});

void t.test('a ’connection’ listener can apply another profile', async (t) => {
  const server = net.createServer((socket) => void applyKeepalive(socket, other));
  applyKeepaliveToServer(server, profile);
  const port = await listening(t, server);
  for (let i = 0; i < 3; i += 1) {
    owned(t, net.connect(port, '127.0.0.1'));
    const [socket] = (await once(server, 'connection')) as [Socket];
    t.strictSame(held(owned(t, socket)), heldBy(other));
  }
});

void t.test('a Unix-domain listener is refused: at once, or when it listens', async (t) => {
  const { server } = await unixPair(t);
  t.throws(() => applyKeepaliveToServer(server, profile), { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_NOT_TCP' });
  t.equal(server.listenerCount('newListener'), 0, 'and nothing stays behind');

  const later = net.createServer();
  const errors: unknown[] = [];
  applyKeepaliveToServer(later, profile, { onError: (...args) => void errors.push(args) });
  owned(t, later).listen(unixPath(t));
  await once(later, 'listening');
  t.match(errors, [[{ code: 'ERR_KEEPALIVE_NOT_TCP' }, undefined]]);
});

void t.test('without onError: one process warning for each server', async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => {
    if (warning.name === 'KeepaliveWarning') warnings.push(warning);
  };
  process.on('warning', onWarning);
  t.teardown(() => process.removeListener('warning', onWarning));
  const server = net.createServer();
  applyKeepaliveToServer(server, profile);
  for (const round of [1, 2]) {
    server.listen(unixPath(t));
    await once(server, 'listening');
    await new Promise((resolve) => server.close(resolve));
    t.match(warnings, [{ code: 'ERR_KEEPALIVE_NOT_TCP' }], `listening ${round}`);
  }
});

void t.test('bad arguments, with nothing changed', async (t) => {
  const server = net.createServer();
  await listening(t, server);
  for (const value of [undefined, null, {}, new net.Socket(), 8080]) {
    t.throws(() => applyKeepaliveToServer(value as never, profile), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /"server"/,
    });
  }
  const bad = { initialDelay: 30, interval: 5, count: 3 };
  t.throws(() => applyKeepaliveToServer(server, bad), { code: 'ERR_KEEPALIVE_PROFILE' });
  t.throws(() => applyKeepaliveToServer(server, profile, { onError: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => applyKeepaliveToServer(server, profile, null as never), { code: 'ERR_INVALID_ARG_TYPE' });
  t.strictSame(held(server), fresh);
  t.equal(ours(server), 0);
  const tuned = applyKeepaliveToServer(server, profile);
  t.throws(() => tuned.update(bad), { code: 'ERR_KEEPALIVE_PROFILE' });
  t.strictSame(held(server), heldBy(profile));
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
