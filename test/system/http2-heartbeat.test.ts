// HTTP/2 peers that nobody here wrote, and ones that freeze, read over a slow path, and vanish. Runs again inside a private
// network namespace. Scaled down: seconds for minutes.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http2, { type Http2Session, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { applyKeepalive } from 'tcp-keepalive';
import { Http2Heartbeat } from 'tcp-keepalive/heartbeat';
import certificate from '../support/certificate.js';
import { http2Server } from '../support/http2-sessions';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { Output, type PipedProcess } from '../support/output';
import { poll } from '../support/poll';
import { inNamespace } from '../support/rerun';
import { listening } from '../support/sockets';

const interval = 1_500;
const timeout = 2_000;
/** What a verdict may take beyond its time before the test calls it late: these machines are shared. */
const room = 2_000;

async function play(t: Test): Promise<void> {
  const network = await connectPeerNamespace();
  t.teardown(() => network.close());
  const server = http2.createServer().on('sessionError', () => undefined);
  const port = await listening(t, server, { host: network.address });
  const beat = new Http2Heartbeat({ interval, timeout });
  t.teardown(() => beat.stop());
  const gone = new Map<Http2Session, number>();
  beat.on('gone', (session) => gone.set(session, performance.now()));

  const peer = async (...how: string[]) => {
    const streaming = once(server, 'stream') as Promise<[ServerHttp2Stream]>;
    const program = [require.resolve('./http2-peers/client.js'), `http://${network.address}:${port}`, ...how];
    const child = network.spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const output = new Output(t, child as PipedProcess);
    const [stream] = await streaming;
    stream.on('error', () => undefined).respond();
    await output.lines(/^(open)/);
    const session = stream.session as ServerHttp2Session;
    applyKeepalive(session.socket, { initialDelay: 1_000, interval: 1_000, count: 60 }); // TCP is not to judge here
    beat.add(session);
    return { child, output, stream, session, socket: session.socket };
  };
  const well = await peer();
  const frozen = await peer();
  const slow = await peer();
  const busy = await peer('busy');
  busy.stream.resume();

  frozen.child.kill('SIGSTOP');
  const frozenAt = performance.now();
  await poll('the frozen one is waited for', () => beat.snapshot().waiting > 0);
  await poll('the frozen one is noticed', () => gone.has(frozen.session), interval + timeout + room);
  const took = gone.get(frozen.session)! - frozenAt;
  t.ok(took <= interval + timeout + room, `the frozen one is noticed after ${Math.round(took)} ms`);
  t.notOk(well.session.destroyed);
  frozen.child.kill('SIGKILL');
  await well.output.lines(/^(ping)/);
  const pinged = await Promise.race([busy.output.lines(/^(ping)/).then(() => true), delay(1, false)]);
  t.notOk(pinged, 'the busy one got no ping, as the one that is well did');
  beat.remove(busy.session);
  busy.child.kill('SIGKILL');

  // 400 kbit/s are 50 kB/s: what is queued takes many timeouts. The path's own queue alone holds 4 s, which is too long for
  // the answers of the other one.
  beat.remove(well.session);
  execFileSync('tc', 'qdisc add dev tka0 root tbf rate 400kbit burst 4kb limit 200kb'.split(' '));
  slow.stream.write(Buffer.alloc(1 << 20));
  const slowAt = performance.now();
  while (performance.now() < slowAt + 4 * (interval + timeout)) {
    await delay(100);
    if (slow.session.destroyed) break;
  }
  t.notOk(slow.session.destroyed, `a slow path: what leaves keeps the session (${JSON.stringify(beat.snapshot())})`);
  t.ok((slow.socket as unknown as { _handle: { bytesRead: number } })._handle.bytesRead < 5_000);
  execFileSync('tc', 'qdisc del dev tka0 root'.split(' '));
  await poll('all is answered', () => beat.snapshot().waiting === 0);

  beat.add(well.session);
  network.cut();
  const cutAt = performance.now();
  const lost = [well.session, slow.session];
  await poll('the lost ones are noticed', () => lost.every((session) => gone.has(session)), 3 * (interval + timeout));
  const longest = Math.max(...lost.map((session) => gone.get(session)! - cutAt));
  t.ok(longest <= interval + timeout + room, `the lost ones are noticed after ${Math.round(longest)} ms`);
  t.match(beat.snapshot(), { sessions: 0, waiting: 0, gone: 3 });
  for (const { child } of [well, slow]) child.kill('SIGKILL');
}

const has = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;
const python = ['python3', '/usr/bin/python3'].find((program) => has(program, '-c', 'import grpc'));
const missing = {
  nghttp: !has('nghttp', '--version') && 'nghttp is not installed (nghttp2-client)',
  nghttpd: !has('nghttpd', '--version') && 'nghttpd is not installed (nghttp2-server)',
  grpcio: python === undefined && 'grpc for Python is not installed (python3-grpcio)',
};

/** Often enough that every limit shows in seconds. */
const often = { interval: 100, timeout: 10_000 };

interface Watched {
  readonly beat: Http2Heartbeat;
  /** What went wrong: error codes, and the codes of GOAWAY frames. */
  readonly faults: string[];
}

function watched(t: Test, options: { interval: number; timeout: number; onlyWithStreams?: boolean }): Watched {
  const beat = new Http2Heartbeat(options);
  t.teardown(() => beat.stop());
  const faults: string[] = [];
  beat.on('gone', () => faults.push('gone'));
  return { beat, faults };
}

/** A client session of ours with one gRPC call that goes on. */
function ourClient(t: Test, { beat, faults }: Watched, port: number): http2.ClientHttp2Session {
  const client = http2.connect(`http://127.0.0.1:${port}`);
  t.teardown(() => client.destroy());
  client.on('error', (error: NodeJS.ErrnoException) => faults.push(error.code ?? error.message));
  client.on('goaway', (code) => faults.push(`GOAWAY ${code}`));
  const call = client.request({
    ':method': 'POST',
    ':path': '/test/Wait',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  call.on('error', () => undefined).resume();
  call.end(Buffer.alloc(5)); // one empty message
  beat.add(client);
  return client;
}

/** A server of ours that answers the first message and goes on. */
async function ourServer(t: Test, { beat, faults }: Watched): Promise<number> {
  const { server, port } = await http2Server(t);
  server.on('session', (session) => {
    beat.add(session);
    session.on('goaway', (code) => faults.push(`GOAWAY ${code}`));
  });
  server.on('stream', (stream) => {
    stream.on('error', () => undefined).respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.write(Buffer.alloc(5));
  });
  return port;
}

const pinged = (beat: Http2Heartbeat, count: number) => () => beat.snapshot().pingsSent >= count;

function foreignPeers(): void {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const identity = (data: Buffer) => data;

  void t.test('a client of grpc-js answers as many pings as it gets', async (t) => {
    const ours = watched(t, often);
    const client = new grpc.Client(`127.0.0.1:${await ourServer(t, ours)}`, grpc.credentials.createInsecure());
    t.teardown(() => client.close());
    const call = client.makeServerStreamRequest('/test/Wait', identity, identity, Buffer.alloc(0));
    call.on('error', (error: Error) => ours.faults.push(error.message)).resume();
    await poll('thirty pings', pinged(ours.beat, 30));
    t.strictSame(ours.faults, []);
    t.match(ours.beat.snapshot(), { sessions: 1, pingsWithheld: 0 });
  });

  void t.test('a server of grpc-js answers as many pings as it gets', async (t) => {
    const server = new grpc.Server();
    const wait = { path: '/test/Wait', requestStream: false, responseStream: true };
    const codec = { requestSerialize: identity, requestDeserialize: identity };
    const definition = { ...wait, ...codec, responseSerialize: identity, responseDeserialize: identity };
    server.addService(
      { wait: definition },
      { wait: (call: grpc.ServerWritableStream<Buffer, Buffer>) => void call.write(Buffer.alloc(0)) },
    );
    const port = await new Promise<number>((resolve, reject) => {
      const bound = (error: Error | null, number: number) => (error === null ? resolve(number) : reject(error));
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), bound);
    });
    t.teardown(() => server.forceShutdown());
    const ours = watched(t, { ...often, onlyWithStreams: true });
    ourClient(t, ours, port);
    await poll('thirty pings', pinged(ours.beat, 30));
    t.strictSame(ours.faults, []);
  });

  void t.test('a client of grpcio answers as many pings as it gets', { skip: missing.grpcio }, async (t) => {
    const ours = watched(t, often);
    const port = await ourServer(t, ours);
    const client = spawn(python!, [require.resolve('./http2-peers/grpc_peer.py'), 'client', `127.0.0.1:${port}`]);
    const output = new Output(t, client);
    await output.lines(/^(answer)/);
    await poll('thirty pings', pinged(ours.beat, 30));
    t.strictSame(ours.faults, []);
    client.kill('SIGSTOP');
    await poll('frozen, it is waited for', () => ours.beat.snapshot().waiting === 1);
    client.kill('SIGKILL');
    await poll('none', () => ours.beat.snapshot().sessions === 0);
  });

  void t.test('a server of grpcio allows few pings: 5 minutes are safe', { skip: missing.grpcio }, async (t) => {
    const server = spawn(python!, [require.resolve('./http2-peers/grpc_peer.py'), 'server']);
    const output = new Output(t, server);
    const [port] = await output.lines(/^listening (.*)/);
    const ours = watched(t, { ...often, interval: 1_000, onlyWithStreams: true });
    ourClient(t, ours, Number(port));
    await poll('it has had too many', () => ours.faults.length > 0);
    const { pingsSent } = ours.beat.snapshot();
    t.comment(`ended after ${pingsSent} pings, 1 s apart: ${ours.faults.join()}`);
    t.match(ours.faults[0], `GOAWAY ${http2.constants.NGHTTP2_ENHANCE_YOUR_CALM}`);
    t.ok(pingsSent >= 3 && pingsSent <= 5, 'the first is free, and two too early are forgiven');
    await poll('it is let go of', () => ours.beat.snapshot().sessions === 0);
  });

  void t.test('nghttpd, a server of nghttp2', { skip: missing.nghttpd }, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const { server: probe, port } = await http2Server(t);
    probe.close(); // a port that is free
    await once(probe, 'close');
    writeFileSync(path.join(folder, 'index.html'), 'hello');
    const child = spawn('nghttpd', ['--no-tls', '--htdocs', folder, String(port)], { stdio: 'ignore' });
    t.teardown(() => child.kill('SIGKILL'));
    const listens = () => execFileSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' }).length > 0;
    await poll('it listens', listens);
    const ours = watched(t, { ...often, timeout: 1_000 });
    const client = ourClient(t, ours, port);
    await poll('thirty pings', pinged(ours.beat, 30));
    t.strictSame(ours.faults, []);
    child.kill('SIGSTOP');
    await poll('frozen, it is noticed', () => ours.faults.includes('ERR_KEEPALIVE_SILENCE'));
    t.ok(client.destroyed);
  });

  void t.test('nghttp, a client of nghttp2, over TLS', { skip: missing.nghttp }, async (t) => {
    const server = http2.createSecureServer(certificate).on('sessionError', () => undefined);
    const ours = watched(t, { ...often, timeout: 1_000 });
    server.on('session', (session) => ours.beat.add(session));
    server.on('stream', (stream) => stream.on('error', () => undefined).respond());
    await listening(t, server);
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const child = spawn('nghttp', ['--null-out', url], { stdio: 'ignore' });
    t.teardown(() => child.kill('SIGKILL'));
    await poll('thirty pings', pinged(ours.beat, 30));
    t.strictSame(ours.faults, []);
    child.kill('SIGSTOP');
    await poll('frozen, it is noticed', () => ours.faults.includes('gone'));
  });
}

inNamespace(__filename, () => {
  void t.test('peers that freeze, that are behind a slow path, that vanish', play);
  foreignPeers();
});
