// A profile that is put on peers that were silent for long, over a path that loses packets. Runs again inside a private
// network namespace.
import net, { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { applyKeepalive, applyKeepaliveToAll, defineProfile } from 'tcp-keepalive';
import { loseFrom, lossMissing } from '../support/lossy-path';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { inNamespace } from '../support/rerun';
import { listening } from '../support/sockets';

const each = 150;
const silence = 12_000;
const profile = defineProfile({ initialDelay: 2_000, interval: 1_000, count: 4, userTimeout: 'match' });

inNamespace(__filename, () => void t.test('silent and fresh peers on a lossy path', { skip: lossMissing() ?? false }, retune));

async function retune(t: Test): Promise<void> {
  const network = await connectPeerNamespace();
  const server = net.createServer();
  const port = await listening(t, server, { host: network.address, backlog: 1024 });
  const sockets: Socket[] = [];
  const complete = new Promise<void>((resolve) =>
    server.on('connection', (socket) => {
      if (sockets.push(socket) === 4 * each) resolve();
    }),
  );
  const peers = network.spawn(
    process.execPath,
    [require.resolve('../support/peers.js'), network.address, String(port), String(4 * each)],
    { stdio: 'inherit' },
  );
  t.teardown(async () => {
    peers.kill('SIGKILL');
    for (const socket of sockets) socket.destroy();
    await network.close();
  });
  await complete;
  const groups = [0, 1, 2, 3].map((n) => sockets.slice(n * each, (n + 1) * each)) as [Socket[], Socket[], Socket[], Socket[]];
  const lost = groups.map(() => 0);
  groups.forEach((group, n) => group.forEach((socket) => socket.on('error', () => (lost[n]! += 1))));
  await delay(silence);
  const [silentFleet, freshFleet, silent, fresh] = groups;
  for (const socket of [...freshFleet, ...fresh]) socket.write('.');
  await delay(300);
  loseFrom(network.peerAddress, 30);
  await Promise.all([
    applyKeepaliveToAll([...silentFleet, ...freshFleet], profile, { spread: 0 }),
    ...[...silent, ...fresh].map((socket) => applyKeepalive(socket, profile)),
  ]);
  await delay(15_000);
  loseFrom(network.peerAddress, 0);
  console.error('lost', lost);
  t.pass();
}
