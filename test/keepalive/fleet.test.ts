import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { applyKeepaliveToAll, disableKeepalive, type FleetResult } from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { listening, owned, tcpPair, tlsPair, unixPair } from '../support/sockets';

async function connections(t: Test, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => void sockets.push(owned(t, socket)));
  const port = await listening(t, server);
  for (let i = 0; i < count; i += 1) owned(t, net.connect(port, '127.0.0.1'));
  while (sockets.length < count) await once(server, 'connection');
  return sockets;
}

void t.test('sockets in any iterable: array, set, iterator', async (t) => {
  const sockets = await connections(t, 40);
  const nothing = { skipped: 0, failed: [] };
  t.strictSame(await applyKeepaliveToAll(sockets, profile), { applied: 40, ...nothing });
  t.strictSame(sockets.map(held), Array(40).fill(heldBy(profile)));
  t.strictSame(await applyKeepaliveToAll(new Set(sockets), other), { applied: 40, ...nothing });
  t.strictSame(sockets.map(held), Array(40).fill(heldBy(other)));
  t.strictSame(await applyKeepaliveToAll(sockets.values(), profile), { applied: 40, ...nothing });
  t.strictSame(await applyKeepaliveToAll([], profile), { applied: 0, ...nothing });
});

void t.test('closed, refusing and connecting sockets', async (t) => {
  const [closed, open] = (await connections(t, 2)) as [Socket, Socket];
  closed.destroy();
  const { client: unix } = await unixPair(t);
  const { server } = await tcpPair(t);
  const connecting = owned(t, net.connect((server.address() as net.AddressInfo).port, '127.0.0.1'));
  const result = await applyKeepaliveToAll([closed, unix, open, connecting], profile);
  t.match(result, { applied: 2, skipped: 1, failed: [{ socket: unix, error: { code: 'ERR_KEEPALIVE_NOT_TCP' } }] });
  await once(connecting, 'connect');
  t.strictSame([open, connecting].map(held), Array(2).fill(heldBy(profile)));
});

void t.test('a socket that is closed in any other way is skipped too', async (t) => {
  const { client, accepted: sent } = await tcpPair(t);
  const receiver = spawn(process.execPath, ['-e', "process.on('message', () => undefined)"], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.teardown(() => receiver.kill());
  await new Promise((resolve) => receiver.send('a socket', sent, resolve));
  const below = await tlsPair(t);
  const secure = tls.connect({ socket: client, rejectUnauthorized: false }).on('error', () => undefined);
  client.destroy();
  below.client.destroy();
  t.strictSame(await applyKeepaliveToAll([sent, secure, below.client], profile), {
    applied: 0,
    skipped: 3,
    failed: [],
  });
  for (const socket of [sent, secure, below.client]) t.doesNotThrow(() => disableKeepalive(socket), 'left alone');
});

void t.test('the sockets are spread evenly over `spread`', async (t) => {
  const sockets = await connections(t, 50);
  const start = performance.now();
  const done = applyKeepaliveToAll(sockets, profile, { spread: 1_000 });
  const tunedAt: number[] = [];
  while (tunedAt.length < sockets.length) {
    if (held(sockets[tunedAt.length]!)[0] === 1) tunedAt.push(performance.now() - start);
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await done;
  t.ok(tunedAt[24]! < tunedAt[49]! - 300, 'half of them long before the last');
  tunedAt.forEach((at, index) => t.ok(at >= index * 20 - 1, `socket ${index} after ${Math.round(at)} ms`));
});

void t.test('sockets that close while others wait are skipped without waiting for them', async (t) => {
  const sockets = await connections(t, 20);
  const done = applyKeepaliveToAll(sockets, profile, { spread: 2_000 });
  for (const socket of sockets.slice(1)) socket.destroy();
  const start = performance.now();
  const result = await done;
  t.ok(performance.now() - start < 1_500, 'long before their time');
  t.equal(result.applied, 1);
  t.equal(result.skipped, 19);
});

void t.test('aborted: the other sockets stay as they were', async (t) => {
  const sockets = await connections(t, 10);
  const before = held(sockets[9]!);
  const controller = new AbortController();
  const done = applyKeepaliveToAll(sockets, profile, { signal: controller.signal, spread: 60_000 });
  const reason = new Error('mine');
  done.catch(() => undefined);
  while (held(sockets[0]!)[0] === 0) await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  await t.rejects(done, reason);
  t.strictSame(held(sockets[0]!), heldBy(profile));
  t.strictSame(held(sockets[9]!), before);
  await t.rejects(applyKeepaliveToAll(sockets, profile, { signal: AbortSignal.abort(reason) }), reason);
  t.strictSame(held(sockets[9]!), before);
});

void t.test('an array and a profile that change meanwhile', async (t) => {
  const sockets = await connections(t, 20);
  const live = Array.from({ length: 60_000 }, (_, index) => sockets[index % 20]!);
  const done = applyKeepaliveToAll(live, profile, { spread: 0 });
  setImmediate(() => live.splice(0, 30_000));
  t.equal((await done).applied, 60_000, 'those that were there');

  const mine = { ...profile };
  const paced = applyKeepaliveToAll(sockets, mine, { spread: 100 });
  setImmediate(() => (mine.interval = 3));
  t.match(await paced, { applied: 20, failed: [] });
});

void t.test('the event loop gets its turns', async (t) => {
  const sockets = await connections(t, 400);
  const work = Array.from({ length: 20_000 }, (_, index) => sockets[index % sockets.length]!);
  let turns = 0;
  let counting = true;
  const count = () => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const { applied } = await applyKeepaliveToAll(work, profile, { spread: 0 });
  counting = false;
  t.equal(applied, 20_000);
  t.ok(turns > 20, `${turns} turns`);
});

void t.test('bad arguments, before the first socket', async (t) => {
  const sockets = await connections(t, 2);
  const before = held(sockets[0]!);
  const type = { code: 'ERR_INVALID_ARG_TYPE' };
  const endless = new Array<Socket>(2 ** 32 - 1); // a copy of it is more than memory
  for (const value of [undefined, null, 7, {}, endless])
    await t.rejects(applyKeepaliveToAll(value as never, profile), type);
  await t.rejects(applyKeepaliveToAll([sockets[0]!, {} as never], profile), type);
  await t.rejects(applyKeepaliveToAll(sockets, { ...profile, count: 0 }), { code: 'ERR_KEEPALIVE_PROFILE' });
  for (const spread of [-1, Number.NaN, Infinity]) {
    await t.rejects(applyKeepaliveToAll(sockets, profile, { spread }), { code: 'ERR_OUT_OF_RANGE' });
  }
  await t.rejects(applyKeepaliveToAll(sockets, profile, { spread: '5' as never }), type);
  await t.rejects(applyKeepaliveToAll(sockets, profile, { signal: {} as never }), type);
  await t.rejects(applyKeepaliveToAll(sockets, profile, null as never), type);
  t.strictSame(held(sockets[0]!), before);
});

void t.test(
  '20,000 live connections, re-tuned at once by two processes: none is lost',
  { timeout: 120_000 },
  async (t) => {
    const count = 10_000; // each: the descriptors of one process
    const servers = [1, 2].map(() =>
      fork(require.resolve('./fleet/fleet-server.js'), [String(count), 'default'], { execArgv: [] }),
    );
    t.teardown(() => servers.forEach((server) => server.kill()));
    await Promise.all(servers.map((server) => once(server, 'message')));
    const results = servers.map((server) => once(server, 'message') as Promise<[FleetResult & Record<string, number>]>);
    for (const server of servers) server.send('go');
    for (const [result] of await Promise.all(results)) {
      t.match(result, { applied: count, skipped: 0, failed: [], lost: 0, holding: count });
      t.ok(result['took']! >= 4_900, `spread over one initial delay: ${Math.round(result['took']!)} ms`);
    }
  },
);
