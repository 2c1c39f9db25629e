// The numbers of keepaliveTraffic on the wire between two real hosts: runs again inside a private network namespace.
import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { applyKeepalive, keepaliveTraffic } from 'tcp-keepalive';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { inNamespace } from '../support/rerun';
import { listening } from '../support/sockets';
import { capture, captureMissing } from '../support/traffic-capture.js';

const hour = 3_600_000;
const ackAlone = 16;

const missing = captureMissing();
if (missing === undefined)
  inNamespace(__filename, () => void t.test('keepaliveTraffic is what is on the wire', onTheWire));
else void t.test('keepaliveTraffic is what is on the wire', { skip: missing }, async () => undefined);

async function onTheWire(t: Test): Promise<void> {
  const network = await connectPeerNamespace();
  const peers: ChildProcess[] = [];
  t.teardown(async () => {
    for (const peer of peers) peer.kill('SIGKILL');
    await network.close();
  });
  const connect = async (host: string): Promise<Socket> => {
    const server = net.createServer();
    const port = await listening(t, server, { host });
    const program = require.resolve('../support/peers.js');
    peers.push(network.spawn(process.execPath, [program, host, String(port), '1'], { stdio: 'inherit' }));
    const [socket] = (await once(server, 'connection')) as [Socket];
    t.teardown(() => socket.destroy());
    return socket;
  };

  const probed = { initialDelay: 1_000, interval: 1_000, count: 3 };
  const slowInterval = { initialDelay: 1_000, interval: 2_000, count: 3 };
  const connections: { name: string; profile: typeof probed; socket: Socket; version: 4 | 6 }[] = [
    { name: 'IPv4', profile: probed, socket: await connect(network.address), version: 4 },
    { name: 'IPv4, interval > delay', profile: slowInterval, socket: await connect(network.address), version: 4 },
  ];
  if (existsSync('/proc/net/if_inet6')) {
    const address = 'fd83::1';
    execFileSync('ip', ['addr', 'add', `${address}/64`, 'dev', 'tka0', 'nodad']);
    const peerAddress = network.spawn('ip', ['addr', 'add', 'fd83::2/64', 'dev', 'tka1', 'nodad'], {
      stdio: 'inherit',
    });
    await once(peerAddress, 'exit');
    connections.push({ name: 'IPv6', profile: probed, socket: await connect(address), version: 6 });
  } else t.comment('no IPv6 here');

  for (const { socket, profile } of connections) applyKeepalive(socket, { ...profile, userTimeout: 'match' });
  await delay(500);
  // From half way between two probes. The kernel rounds each second up a little: one of ten can be missing.
  const wire = await capture('tka0');
  const from = performance.now();
  await delay(10_000);
  const elapsed = performance.now() - from;
  const packets = await wire.stop();

  for (const { name, profile, socket, version } of connections) {
    const traffic = keepaliveTraffic(profile);
    const own = packets.filter(({ peerPort }) => peerPort === socket.remotePort);
    const probes = own.filter(({ outgoing }) => outgoing);
    const answers = own.filter(({ outgoing }) => !outgoing);
    const expected = (traffic.probesPerHour * elapsed) / hour;
    t.ok(Math.abs(probes.length - expected) < 1.5, `${name}: ${probes.length} probes, predicted ${expected}`);
    t.ok(Math.abs(answers.length - probes.length) <= 1, `${name}: ${answers.length} answers`);
    t.equal(traffic.packetsPerHour, 2 * traffic.probesPerHour);
    const size = traffic[`bytesPerHourIPv${version}`] / traffic.packetsPerHour;
    t.ok(
      own.every((packet) => packet.length === size && packet.onWire === size && packet.flags === ackAlone),
      `${name}: every packet is ${size} bytes, an acknowledgement alone`,
    );
    t.equal(new Set(probes.map(({ sequence }) => sequence)).size, 1, 'a probe moves nothing on');
    t.equal(new Set(answers.map(({ sequence }) => sequence)).size, 1, 'nor does an answer');
    t.notOk(socket.destroyed, `${name}: alive`);
  }
  const known = connections.map(({ socket }) => socket.remotePort);
  t.ok(
    packets.every(({ peerPort }) => known.includes(peerPort)),
    'and nothing else was sent',
  );
}
