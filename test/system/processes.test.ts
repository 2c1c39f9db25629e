// Worker threads, sockets sent to a child process, round-robin cluster workers.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { applyKeepalive, readKeepalive, type KeepaliveSettings } from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { listening, owned, tcpPair } from '../support/sockets';

const packageName = 'tcp-keepalive';
const settings = { enabled: true, ...profile };

void t.test('worker threads, several at once, beside the main thread', async (t) => {
  const source = `
    const net = require('node:net');
    const { parentPort, workerData } = require('node:worker_threads');
    const { applyKeepalive, readKeepalive } = require(workerData.packageName);
    const server = net.createServer((socket) => {
      const applied = applyKeepalive(socket, workerData.profile);
      parentPort.postMessage([applied, readKeepalive(socket)]);
      socket.destroy();
      server.close();
    }).listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1').resume());`;
  const workers = Array.from(
    { length: 4 },
    () => new Worker(source, { eval: true, workerData: { packageName: require.resolve(packageName), profile } }),
  );
  const { accepted } = await tcpPair(t);
  const messages = Promise.all(workers.map((worker) => once(worker, 'message')));
  const exits = Promise.all(workers.map((worker) => once(worker, 'exit')));
  applyKeepalive(accepted, other);
  for (const [message] of await messages) t.strictSame(message, [true, settings]);
  for (const [code] of await exits) t.equal(code, 0);
  t.strictSame(held(accepted), heldBy(other));
});

void t.test('child.send keeps what the kernel holds; the child can read and change it', async (t) => {
  const child = fork(require.resolve('./processes/receiver.js'), { execArgv: [] });
  t.teardown(() => child.kill());
  const server = net.createServer();
  const port = await listening(t, server);
  const client = owned(t, net.connect(port, '127.0.0.1'));
  const [accepted] = (await once(server, 'connection')) as [Socket];
  applyKeepalive(accepted, profile);
  child.send({ profile: other }, accepted);
  const [answer] = (await once(child, 'message')) as [Record<'received' | 'changed', KeepaliveSettings>];
  t.strictSame(answer.received, settings);
  t.strictSame(answer.changed, { enabled: true, ...other });
  t.throws(() => applyKeepalive(accepted, profile), { code: 'ERR_KEEPALIVE_CLOSED' }, 'it is no longer ours');
  t.throws(() => readKeepalive(accepted), { code: 'ERR_KEEPALIVE_CLOSED' });
  client.destroy();
});

void t.test('a round-robin cluster worker has no listener to read', async (t) => {
  const primary = fork(require.resolve('./processes/cluster.js'), { execArgv: [] });
  const exit = once(primary, 'exit');
  const [answer] = (await once(primary, 'message')) as [{ code: string; accepted: KeepaliveSettings }];
  t.equal(answer.code, 'ERR_KEEPALIVE_NOT_TCP');
  t.strictSame(answer.accepted, settings, 'its connections are ordinary sockets');
  await exit;
});
