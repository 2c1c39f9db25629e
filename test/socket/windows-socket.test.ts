// The road to the SOCKET on Windows, compiled into a test build here and held against the descriptor that Node tells.
import { once } from 'node:events';
import net, { type Server, type Socket } from 'node:net';
import path from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { transport } from '../../dist/socket/descriptor.js';
import { findSocket, type TcpHandle } from '../../dist/socket/runtime-node.js';
import { CLOSED, HIDDEN, NOT_CONNECTED, NOT_TCP } from '../../dist/socket/runtime.js';
import { fdOf, testAddons } from '../support/oracle';
import { listening, owned, tcpPair, tlsPair, unixPair } from '../support/sockets';

interface RefFlip {
  readonly findSocket: (invert: () => void) => number;
  readonly noSocketYet: number;
  /** How many handles were looked at since the last call. */
  readonly takeVisits: () => number;
}
const refFlip = require(path.join(testAddons, 'ref_flip.node')) as RefFlip;

function handleOf(target: Socket | Server): TcpHandle {
  return transport((target as unknown as { _handle: TcpHandle })._handle) as TcpHandle;
}

function found(target: Socket | Server): number {
  return findSocket(refFlip, handleOf(target));
}

for (const [name, host] of [
  ['IPv4', '127.0.0.1'],
  ['IPv6', '::1'],
] as const) {
  void t.test(`client, accepted and listening, ${name}`, async (t) => {
    const { client, accepted, server } = await tcpPair(t, host);
    for (const target of [client, accepted, server]) t.equal(found(target), fdOf(target));
    t.equal(found(client), fdOf(client), 'and again, from the cache');
  });
}

void t.test('TLS, both ends', async (t) => {
  const { client, accepted } = await tlsPair(t);
  t.equal(found(client), fdOf(client));
  t.equal(found(accepted), fdOf(accepted));
});

void t.test('an unreferenced handle stays unreferenced, a referenced one referenced', async (t) => {
  const { client, accepted } = await tcpPair(t);
  client.unref();
  t.equal(found(client), fdOf(client));
  t.equal(found(accepted), fdOf(accepted));
  t.equal(handleOf(client).hasRef(), false);
  t.equal(handleOf(accepted).hasRef(), true);
});

void t.test('10,000 handles, some unreferenced, some closing: the newest is found after few visits', async (t) => {
  const accepted: Socket[] = [];
  const visits: number[] = [];
  const server = net.createServer((socket) => {
    accepted.push(owned(t, socket));
    refFlip.takeVisits();
    if (found(socket) !== fdOf(socket)) t.fail('the wrong one');
    visits.push(refFlip.takeVisits());
  });
  const port = await listening(t, server, { backlog: 1_000 });
  const clients: Socket[] = [];
  while (clients.length < 5_000) {
    const client = owned(t, net.connect(port, '127.0.0.1'));
    await once(client, 'connect');
    clients.push(client);
  }
  while (accepted.length < clients.length) await once(server, 'connection');
  for (const client of clients.slice(0, 300)) client.unref();
  clients.splice(500, 100).forEach((client) => client.destroy());
  const alive = [...clients, ...accepted].filter(({ destroyed }) => !destroyed);
  const some = alive.filter((_, i) => i % 40 === 0);
  t.strictSame(some.map(found), some.map(fdOf));

  t.equal(visits.length, 5_000);
  t.ok(Math.max(...visits.slice(1)) <= 16, `at most ${Math.max(...visits.slice(1))} were looked at`);
  refFlip.takeVisits();
  found(clients[700]!);
  t.ok(refFlip.takeVisits() > 9_000, 'but all of them for one that is older');
});

void t.test('a connection from the port of one that was reset is not mistaken for it', async (t) => {
  const server = net.createServer({ pauseOnConnect: true });
  const port = await listening(t, server);
  const localAddress = '127.83.0.7'; // nobody else here takes its ports
  const first = owned(t, net.connect({ port, host: '127.0.0.1', localAddress }));
  const [[one]] = (await Promise.all([once(server, 'connection'), once(first, 'connect')])) as [[Socket], unknown];
  const localPort = first.localPort!;
  const closed = new Promise((resolve) => first.once('close', resolve));
  first.resetAndDestroy();
  await closed;
  const second = owned(t, net.connect({ port, host: '127.0.0.1', localAddress, localPort }));
  const [[two]] = (await Promise.all([once(server, 'connection'), once(second, 'connect')])) as [[Socket], unknown];
  t.equal(second.localPort, localPort);
  t.equal(found(owned(t, two)), fdOf(two));
  t.equal(found(owned(t, one)), fdOf(one));
});

void t.test('nothing is found if no reference was inverted, or that of a handle without a TCP socket', async (t) => {
  const { client } = await unixPair(t);
  t.equal(
    refFlip.findSocket(() => undefined),
    -1,
  );
  t.equal(found(client), HIDDEN);
  const Tcp = handleOf((await tcpPair(t)).client).constructor as unknown as new (type: number) => TcpHandle;
  t.equal(findSocket(refFlip, new Tcp(0)), NOT_CONNECTED, 'a handle without a socket');
});

void t.test('nothing is found if two references were inverted', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const flip = (handle: TcpHandle) => (handle.hasRef() ? handle.unref() : handle.ref());
  t.equal(
    refFlip.findSocket(() => [client, accepted].map(handleOf).forEach(flip)),
    -1,
  );
  t.equal(handleOf(client).hasRef(), true);
});

void t.test('no answer equals another, or an error number', async (t) => {
  const answers = [NOT_CONNECTED, CLOSED, NOT_TCP, HIDDEN];
  t.equal(new Set(answers).size, answers.length);
  t.ok(Math.max(...answers) < Math.min(...getSystemErrorMap().keys()));
});

void t.test('an error of the inverting function is thrown', async (t) => {
  t.throws(
    () =>
      refFlip.findSocket(() => {
        throw new RangeError('mine');
      }),
    { message: 'mine' },
  );
});

void t.test('in worker threads, each with its own loop', async (t) => {
  const source = `const net = require('node:net');
     const { parentPort, workerData } = require('node:worker_threads');
     const { findSocket } = require(workerData);
     const seen = [];
     const server = net.createServer(({ _handle: handle }) => {
       seen.push([findSocket(() => (handle.hasRef() ? handle.unref() : handle.ref())), handle.fd]);
       if (seen.length < 20) return connect();
       parentPort.postMessage(seen);
       process.exit();
     });
     const connect = () => net.connect(server.address().port, '127.0.0.1').resume();
     server.listen(0, '127.0.0.1', connect);`;
  const workers = [1, 2].map(
    () => new Worker(source, { eval: true, workerData: path.join(testAddons, 'ref_flip.node') }),
  );
  for (const [seen] of (await Promise.all(workers.map((worker) => once(worker, 'message')))) as [number[][]][]) {
    t.equal(seen.length, 20);
    for (const [foundFd, fd] of seen) t.equal(foundFd, fd);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
});

void t.test('nothing is found without an inverting function', async (t) => {
  t.equal(refFlip.findSocket(undefined as never), -1);
});

void t.test('nothing is found if the reference is not inverted back', async (t) => {
  const { client } = await tcpPair(t);
  const handle = handleOf(client);
  const invertOnce = () => {
    if (handle.hasRef()) handle.unref();
  };
  t.equal(refFlip.findSocket(invertOnce), -1);
  handle.ref();
  let calls = 0;
  const throwLater = () => {
    if (handle.hasRef()) handle.unref();
    calls += 1;
    if (calls === 2) throw new RangeError('mine');
  };
  t.throws(() => refFlip.findSocket(throwLater), { message: 'mine' });
  handle.ref();
});
