// Peers of several protocols that vanish, come back and vanish for good, by keepalive probes alone.
import http from 'node:http';
import http2 from 'node:http2';
import net, { type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { LivenessMonitor, applyKeepalive, defineProfile, detectionTime } from 'tcp-keepalive';
import { WebSocketServer } from 'ws';
import certificate from '../support/certificate.js';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { inNamespace } from '../support/rerun';
import { listening } from '../support/sockets';

const profile = defineProfile({ initialDelay: 1_000, interval: 1_000, count: 8, userTimeout: 'match' });
const silentAfter = 2_500; // a probe may be late by an eighth
const room = 5_000;

inNamespace(__filename, () => void t.test('silent, heard again, gone', vanishTwice));

async function vanishTwice(t: Test): Promise<void> {
  const network = await connectPeerNamespace();
  const watched = new Map<string, Socket>();
  const monitor = new LivenessMonitor({ silentAfter, checkEvery: 100 });
  let complete: () => void = () => undefined;
  const everybody = new Promise<void>((resolve) => (complete = resolve));
  const watch = (name: string) => (socket: Socket) => {
    applyKeepalive(socket, profile);
    monitor.watch(socket);
    if (watched.set(name, socket).size === servers.length) complete();
  };

  const ws = http.createServer();
  new WebSocketServer({ server: ws }).on('connection', (client, { socket }) => {
    client.on('error', () => undefined);
    watch('ws')(socket);
  });
  const servers: Server[] = [
    net.createServer((socket) => watch('net')(socket.on('error', () => undefined).resume())),
    tls.createServer(certificate, (socket) => watch('tls')(socket.on('error', () => undefined).resume())),
    ws,
    http.createServer((request, response) => {
      response.write('data: hello\n\n');
      watch('http')(request.socket);
    }),
    http2.createServer().on('session', (session) => {
      session.on('error', () => undefined);
      watch('http2')(session.socket);
    }),
  ];
  const ports = await Promise.all(servers.map((server) => listening(t, server, { host: network.address })));
  const peers = network.spawn(
    process.execPath,
    [require.resolve('../support/liveness-peers.js'), network.address, ...ports.map(String)],
    { stdio: 'inherit' },
  );
  t.teardown(async () => {
    monitor.stop();
    peers.kill('SIGKILL');
    await network.close();
  });
  await everybody;

  const all = (event: 'silent' | 'heard' | 'gone', within: number) =>
    new Promise<Map<Socket, unknown>>((resolve) => {
      const seen = new Map<Socket, unknown>();
      const timer = setTimeout(resolve, within, seen);
      monitor.on(event, (socket: Socket, detail?: unknown) => {
        if (seen.set(socket, detail).size < watched.size) return;
        clearTimeout(timer);
        resolve(seen);
      });
    });
  const names = (sockets: Map<Socket, unknown>) =>
    [...watched].filter(([, socket]) => sockets.has(socket)).map(([name]) => name);
  const everyName = [...watched.keys()];

  const early = all('silent', silentAfter + 1_500);
  t.strictSame(names(await early), [], 'peers that only answer probes are not silent');

  network.cut();
  const silent = await all('silent', silentAfter + room);
  t.strictSame(names(silent), everyName, 'silent');
  for (const milliseconds of silent.values()) {
    t.ok(
      (milliseconds as number) >= silentAfter && (milliseconds as number) < silentAfter + room,
      `${milliseconds} ms`,
    );
  }
  t.match(monitor.snapshot(), { connections: everyName.length, silent: everyName.length });

  network.mend();
  t.strictSame(names(await all('heard', room)), everyName, 'heard');
  t.equal(monitor.snapshot().silent, 0);

  network.cut();
  const gone = await all('gone', detectionTime(profile).idle + room);
  t.strictSame(names(gone), everyName, 'gone');
  for (const [name, socket] of watched) t.equal(gone.get(socket), 'timed-out', name);
  t.match(monitor.snapshot(), { connections: 0, silent: 0, gone: { 'timed-out': everyName.length, closed: 0 } });
}
