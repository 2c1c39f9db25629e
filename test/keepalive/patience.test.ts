// A profile that is put on peers which were silent for long. Runs again inside a private network namespace.
import { once } from 'node:events';
import http from 'node:http';
import net, { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToAll,
  defineProfile,
  detectionTime,
  readTcpInfo,
} from 'tcp-keepalive';
import { loseFrom, lossMissing } from '../support/lossy-path';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { held, poke } from '../support/oracle';
import { poll } from '../support/poll';
import { inNamespace } from '../support/rerun';
import { secondCopy } from '../support/second-copy';
import { listening, owned } from '../support/sockets';

type Network = Awaited<ReturnType<typeof connectPeerNamespace>>;

const silence = 12_000;
const each = 300;
const profile = defineProfile({ initialDelay: 2_000, interval: 1_000, count: 4, userTimeout: 'match' });
/** The fourth probe goes out after 5.3 s at the latest (HZ 1000), before the 6 s at which the count alone would decide. */
const userTimeout = 6_000;
/** Its user timeout ends before the retransmission that a peer's data may wait for. */
const impatient = defineProfile({ initialDelay: 1_000, interval: 1_000, count: 3, userTimeout: 'match' });
const impatientUserTimeout = 4_000;
/** What a verdict may take beyond its time before the test calls it late: these machines are shared. */
const room = 3_000;

const echo = `
const server = require('node:net').createServer((socket) => socket.on('error', () => {}).pipe(socket));
server.listen(0, '0.0.0.0', 2048, () => console.log(server.address().port));`;

inNamespace(__filename, () => {
  void t.test('peers that were silent for long', { jobs: 8 }, async (t) => {
    const network = await connectPeerNamespace();
    const program = network.spawn(process.execPath, ['-e', echo], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(async () => {
      program.kill('SIGKILL');
      await once(program, 'exit');
      await network.close();
    });
    const [line] = (await once(program.stdout!, 'data')) as [Buffer];
    const port = Number(line);
    const missing = lossMissing();
    await Promise.all([
      t.test('live peers on a lossy path', { skip: missing ?? false }, (t) => retuneOnLossyPath(t, network, port)),
      t.test('what was lent is taken back', (t) => takenBack(t, network, port)),
      t.test('many at once, a second profile, and some that close', (t) => manyAtOnce(t, network, port)),
      t.test('a vanished peer', (t) => vanished(t, network, port)),
      t.test('a peer that answers at once, and vanishes', (t) => vanishedAfterAnswer(t, network, port)),
      t.test('later settings without a user timeout', (t) => withoutUserTimeout(t, network, port)),
      t.test('with unanswered probes and no user timeout', (t) => unansweredProbes(t, network, port)),
      t.test('with data in flight', (t) => inFlight(t, network, port)),
      t.test('with data in flight, and vanished', (t) => vanishedInFlight(t, network, port)),
      t.test('pooled sockets of an agent', pooled),
    ]);
  });
});

async function connected(t: Test, port: number, host: string): Promise<Socket> {
  const socket = owned(t, net.connect(port, host)).resume();
  await once(socket, 'connect');
  return socket;
}

async function retuneOnLossyPath(t: Test, network: Network, port: number): Promise<void> {
  const peer = network.addPeer(1);
  const group = () => Promise.all(Array.from({ length: each }, () => connected(t, port, peer.address)));
  const groups = { silentFleet: await group(), freshFleet: await group(), silent: await group(), fresh: await group() };
  const { silentFleet, freshFleet, silent, fresh } = groups;
  const lost = (sockets: Socket[]) => sockets.filter(({ errored }) => errored !== null).length;
  await delay(silence);

  for (const socket of [...freshFleet, ...fresh]) socket.write('.');
  await poll('all fresh ones are heard', () => [...freshFleet, ...fresh].every(({ bytesRead }) => bytesRead > 0));
  loseFrom(peer.address, 30);
  await applyKeepaliveToAll([...silentFleet, ...freshFleet], profile, { spread: 0 });
  for (const socket of [...silent, ...fresh]) applyKeepalive(socket, profile);
  await delay(15_000);
  loseFrom(peer.address, 0);

  for (const [how, first, second] of [
    ['as a fleet', silentFleet, freshFleet],
    ['one by one', silent, fresh],
  ] as const) {
    const [bySilence, byChance] = [lost(first), lost(second)];
    t.comment(`${how}: of ${each} silent ones ${bySilence} were lost, of ${each} fresh ones ${byChance}`);
    t.ok(bySilence - byChance <= 1 + 4 * Math.sqrt(bySilence + byChance), `${how}: no more than by chance`);
  }
}

async function takenBack(t: Test, network: Network, port: number): Promise<void> {
  const peer = network.addPeer(2);
  const heard = await connected(t, port, peer.address);
  const fresh = await connected(t, port, peer.address);
  await delay(4_000);
  fresh.write('.');
  await once(fresh, 'data');

  applyKeepalive(fresh, profile);
  t.strictSame(held(fresh), [1, 2, 1, 4, userTimeout], 'nothing is added where the peer was just heard');
  applyKeepalive(heard, profile);
  const [, , , , added] = held(heard) as [number, number, number, number, number];
  t.ok(added >= userTimeout + 4_000 && added < userTimeout + 8_000, `${added} for a silence of 4 s`);
  applyKeepalive(heard, { ...profile });
  t.strictSame(held(heard), [1, 2, 1, 4, added], 'applying again changes nothing');
  secondCopy().applyKeepalive(heard, { ...profile });
  t.strictSame(held(heard), [1, 2, 1, 4, added], 'nor by another copy');
  heard.write('.');
  await once(heard, 'data');
  await poll('taken back', () => held(heard)[4] === userTimeout, profile.initialDelay / 3 + room);

  const replaced = await connected(t, port, peer.address);
  await delay(1_000);
  applyKeepalive(replaced, profile);
  poke(replaced, 'TCP_USER_TIMEOUT', 33_000);
  replaced.write('.');
  await once(replaced, 'data');
  await delay(2 * (profile.initialDelay / 3) + 500);
  t.equal(held(replaced)[4], 33_000, 'what somebody else has set is left alone');
}

async function manyAtOnce(t: Test, network: Network, port: number): Promise<void> {
  const peer = network.addPeer(7);
  const sockets = await Promise.all(Array.from({ length: 40 }, () => connected(t, port, peer.address)));
  await delay(4_000);
  for (const socket of sockets) applyKeepalive(socket, impatient);
  for (const socket of sockets) applyKeepalive(socket, profile);
  t.ok(
    sockets.map(held).every((settings) => settings[1] === 2 && settings[4]! >= userTimeout + 4_000),
    'all are lent more',
  );

  const open = sockets.filter((_, place) => place % 3 > 0);
  for (const socket of sockets) if (!open.includes(socket)) socket.destroy();
  for (const socket of open) socket.write('.');
  await poll('all are heard', () => open.every(({ bytesRead }) => bytesRead > 0));
  await poll('taken back from all', () => open.every((socket) => held(socket)[4] === userTimeout), 10_000);
}

async function vanished(t: Test, network: Network, port: number): Promise<void> {
  const peer = network.addPeer(3);
  const socket = await connected(t, port, peer.address);
  await delay(5_000);
  peer.cut();
  applyKeepalive(socket, profile);
  const { idle } = detectionTime(profile);
  const after = await verdict(socket);
  t.ok(after >= profile.initialDelay + profile.interval * profile.count, `not before all probes: ${after}`);
  t.ok(after <= idle + room, `${after} after the call; the bound is ${idle}`);
}

async function vanishedAfterAnswer(t: Test, network: Network, port: number): Promise<void> {
  const peer = network.addPeer(8);
  const socket = await connected(t, port, peer.address);
  await delay(8_000);
  applyKeepalive(socket, profile);
  socket.write('.');
  await once(socket, 'data');
  peer.cut();
  const { idle } = detectionTime(profile);
  const after = await verdict(socket);
  t.ok(after <= idle + room, `${after} after the answer; the bound is ${idle}`);
}

async function withoutUserTimeout(t: Test, network: Network, port: number): Promise<void> {
  const peer = network.addPeer(9);
  const group = () => connected(t, port, peer.address);
  const [before, after, byNode] = await Promise.all([group(), group(), group()]);
  const sockets = [before, after, byNode];
  const { interval, count } = profile;
  await delay(4_000);

  for (const socket of sockets) applyKeepalive(socket, profile);
  applyKeepalive(before, { initialDelay: 3_000, interval, count });
  byNode.setKeepAlive(true, 60_000);
  t.ok(
    sockets.every((socket) => held(socket)[4]! >= userTimeout + 4_000 - 20 && held(socket)[4]! < userTimeout + 8_000),
    'lent once',
  );
  for (const socket of sockets) socket.write('.');
  await poll('all are heard', () => sockets.every(({ bytesRead }) => bytesRead > 0));
  applyKeepalive(after, { initialDelay: 3_000, interval, count });
  t.strictSame(held(after), [1, 3, 1, 4, userTimeout]);
  await poll('taken back', () => sockets.every((socket) => held(socket)[4] === userTimeout), 10_000);
}

async function unansweredProbes(t: Test, network: Network, port: number): Promise<void> {
  const peer = network.addPeer(4);
  const before = { initialDelay: 1_000, interval: 1_000, count: 30 };
  const wanted = { ...before, count: 4 };
  const socket = await connected(t, port, peer.address);
  applyKeepalive(socket, before);
  peer.cut();
  await poll('five unanswered probes', () => (readTcpInfo(socket).unansweredProbes ?? 0) >= 5, 20_000);
  applyKeepalive(socket, wanted);
  const [, , , count] = held(socket) as [number, number, number, number];
  t.ok(count >= 9, `a count of 4 is ${count} now`);
  const after = await verdict(socket);
  t.ok(after >= 3_000, `four probes go out: ${after}`);
  t.ok(after <= detectionTime(wanted).idle + room, `${after} after the call`);
}

/** Data whose fifth retransmission was just sent: the sixth, 6.4 s later, is when the kernel looks at the user timeout. */
async function retransmitting(t: Test, peer: ReturnType<Network['addPeer']>, port: number): Promise<Socket> {
  const socket = await connected(t, port, peer.address);
  peer.cut();
  socket.write('.');
  await poll('five retransmissions', () => (readTcpInfo(socket).retransmits ?? 0) >= 5, 20_000);
  return socket;
}

async function inFlight(t: Test, network: Network, port: number): Promise<void> {
  const peer = network.addPeer(5);
  const socket = await retransmitting(t, peer, port);
  applyKeepalive(socket, impatient);
  peer.mend();
  await Promise.race([once(socket, 'data'), once(socket, 'error').then(([error]) => t.fail(String(error)))]);
  t.equal(socket.bytesRead, 1, 'the peer has the data');
  await poll('taken back', () => held(socket)[4] === impatientUserTimeout, 10_000);
}

async function vanishedInFlight(t: Test, network: Network, port: number): Promise<void> {
  const socket = await retransmitting(t, network.addPeer(6), port);
  const sent = readTcpInfo(socket).sinceDataSent ?? NaN;
  applyKeepalive(socket, impatient);
  const after = await verdict(socket);
  const next = 6_400 - sent;
  t.ok(after >= next + 1_000, `not before the next retransmission could be answered: ${after}`);
  t.ok(after <= 1.125 * 6_400 + 1_000 + 1_000 + room, `${after} after the call`);
}

async function pooled(t: Test): Promise<void> {
  const server = http.createServer((_request, response) => response.end());
  const port = await listening(t, server);
  t.teardown(() => server.closeAllConnections());
  const agent = new http.Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const tuned = applyKeepaliveToAgent(agent, { initialDelay: 60_000, interval: 5_000, count: 3 });
  const [response] = (await once(http.get({ agent, port, host: '127.0.0.1' }), 'response')) as [http.IncomingMessage];
  const { socket } = response.resume();
  await once(socket, 'free');
  await delay(1_000);
  tuned.update(profile);
  const [enabled, idle, , , added] = held(socket) as [number, number, number, number, number];
  t.strictSame([enabled, idle], [1, 2]);
  t.ok(added >= userTimeout + 600, `${added} for a silence of 1 s`);
}

async function verdict(socket: Socket): Promise<number> {
  const start = performance.now();
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  if (error.code !== 'ETIMEDOUT') throw error;
  return performance.now() - start;
}
