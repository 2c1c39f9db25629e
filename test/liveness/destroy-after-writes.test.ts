// Peers that vanish while this side goes on writing: that renews the kernel's verdict, and not a monitor's.
import http from 'node:http';
import http2 from 'node:http2';
import net, { type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { LivenessMonitor, applyKeepalive, defineProfile, detectionTime } from 'tcp-keepalive';
import { WebSocketServer } from 'ws';
import certificate from '../support/certificate.js';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { poll } from '../support/poll';
import { inNamespace } from '../support/rerun';
import { listening } from '../support/sockets';

/** Without a write the kernel gives up after 5 s. */
const profile = defineProfile({ initialDelay: 1_000, interval: 1_000, count: 4, userTimeout: 'match' });
const times = { silentAfter: 2_500, checkEvery: 100 };
const destroyAfter = 6_000;
/** Before the kernel has given up, and so late that it gives up long after `destroyAfter`. */
const firstWrite = 3_500;
/** For the event loop of a machine that does other things too. */
const room = 700;

interface Connection {
  readonly name: string;
  readonly socket: Socket;
  /** What http2 hands out is a proxy of it: an emitter answers itself. */
  readonly real: Socket;
  readonly write: () => void;
}

inNamespace(__filename, () => void t.test('the bound is not moved by writes', vanishUnderWrites));

async function vanishUnderWrites(t: Test): Promise<void> {
  const network = await connectPeerNamespace();
  const connections: Connection[] = [];
  const add = (name: string, socket: Socket, write: () => void) => {
    applyKeepalive(socket, profile);
    connections.push({ name, socket, real: socket.off('', () => undefined), write });
  };
  const servers = serversOf(add);
  const ports = await Promise.all(servers.map((server) => listening(t, server, { host: network.address })));
  const program = [require.resolve('../support/liveness-peers.js'), network.address, ...ports.map(String)];
  const peers = [0, 1].map(() => network.spawn(process.execPath, program, { stdio: 'inherit' }));
  const bounded = new LivenessMonitor({ ...times, destroyAfter });
  const other = new LivenessMonitor(times);
  t.teardown(async () => {
    bounded.stop();
    other.stop();
    for (const peer of peers) peer.kill('SIGKILL');
    for (const { real } of connections) real.destroy();
    await network.close();
  });
  await poll('all are connected', () => connections.length === 2 * servers.length);
  // Of each protocol one for either monitor.
  const nameOf = new Map<Socket, string>();
  for (const { name, socket } of connections) {
    const isFirst = ![...nameOf.values()].includes(name);
    (isFirst ? bounded : other).watch(socket);
    nameOf.set(socket, name);
  }
  const names = [...new Set(nameOf.values())].sort();

  await delay(destroyAfter + 1_000);
  const intact = { connections: names.length, silent: 0 };
  t.match([bounded.snapshot(), other.snapshot()], [intact, intact], 'peers that only answer probes stay');

  const events: [event: string, name: string, after: number][] = [];
  const cut = performance.now();
  const note = (event: string) => (socket: Socket) =>
    events.push([event, nameOf.get(socket)!, performance.now() - cut]);
  bounded.on('silent', note('silent')).on('gone', note('gone'));
  network.cut();
  await delay(firstWrite);
  const writing = setInterval(() => {
    for (const { real, write } of connections) if (!real.destroyed) write();
  }, 200);
  t.teardown(() => clearInterval(writing));
  await poll('gone', () => bounded.snapshot().connections === 0);
  clearInterval(writing);

  t.match(other.snapshot(), { connections: names.length, silent: names.length }, 'the kernel has not given up any');
  t.match(bounded.snapshot().gone, { 'timed-out': names.length, closed: 0, reset: 0, other: 0 });
  for (const name of names) {
    const told = events.filter(([, each]) => each === name);
    t.strictSame(
      told.map(([event]) => event),
      ['silent', 'gone'],
      name,
    );
    const after = told.at(-1)![2];
    // The last answer came up to one probe before the cut.
    t.ok(after > destroyAfter - 1_500 && after < destroyAfter + times.checkEvery + room, `${name}: ${after} ms`);
  }

  await poll('the kernel gives up the others', () => other.snapshot().connections === 0);
  const took = performance.now() - cut;
  t.ok(took > detectionTime(profile).idle + 2_000, `after ${took} ms`);
  t.equal(other.snapshot().gone['timed-out'], names.length);
}

function serversOf(add: (name: string, socket: Socket, write: () => void) => void): Server[] {
  const quiet = <T extends NodeJS.EventEmitter>(emitter: T): T => emitter.on('error', () => undefined);
  const addSocket = (name: string) => (socket: Socket) => add(name, quiet(socket).resume(), () => socket.write('x'));
  const ws = http.createServer();
  new WebSocketServer({ server: ws }).on('connection', (client, { socket }) => {
    quiet(client);
    add('ws', socket, () => client.send('x'));
  });
  return [
    net.createServer(addSocket('net')),
    tls.createServer(certificate, addSocket('tls')),
    ws,
    http.createServer((request, response) => {
      response.write('data: hello\n\n');
      add('http', request.socket, () => response.write('data: x\n\n'));
    }),
    http2.createServer().on('session', (session) => {
      quiet(session);
      add('http2', session.socket, () => void session.ping(() => undefined));
    }),
  ];
}
