// Real errors of real connections, in a private network namespace.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { applyKeepalive, disconnectReason, readTcpInfo } from 'tcp-keepalive';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { Output, type PipedProcess } from '../support/output';
import { inNamespace } from '../support/rerun';
import { listening } from '../support/sockets';

type Network = Awaited<ReturnType<typeof connectPeerNamespace>>;

interface Connection {
  readonly socket: Socket;
  readonly peer: ChildProcess;
}

const profile = { initialDelay: 1_000, interval: 1_000, count: 3, userTimeout: 'match' } as const;
const deadline = 15_000;

inNamespace(__filename, () => void t.test('one cable', reasons));

async function reasons(t: Test): Promise<void> {
  const network = await connectPeerNamespace();
  t.teardown(() => network.close());
  const server = net.createServer();
  await listening(t, server, { host: network.address });

  await t.test('timed out, by probes and by the user timeout', async (t) => {
    const idle = await connect(t, network, server);
    const inFlight = await connect(t, network, server);
    network.cut();
    inFlight.socket.write('x');
    const [probes, userTimeout] = await Promise.all([ended(idle.socket), ended(inFlight.socket)]);
    t.match([probes?.code, userTimeout?.code], ['ETIMEDOUT', 'ETIMEDOUT']);
    t.equal(disconnectReason(probes), 'timed-out');
    t.equal(disconnectReason(userTimeout), 'timed-out');
    network.mend();
  });

  await t.test('timed out under http: a message that had begun says something else', async (t) => {
    const codeOf = (emitter: NodeJS.EventEmitter) =>
      new Promise<string | undefined>((resolve) => {
        emitter.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
      });
    const theirs = `require('node:http').createServer((_, response) => response.writeHead(200).write('x'))
      .listen(0, '${network.peerAddress}', function () { console.log('port', this.address().port); });`;
    const child = network.spawn(process.execPath, ['-e', theirs], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [port] = await new Output(t, child as PipedProcess).lines(/^port (\d+)/);
    const reading = http.get({ host: network.peerAddress, port, agent: false });
    const [response] = (await once(reading, 'response')) as [IncomingMessage];
    applyKeepalive(response.socket, profile);

    const { socket: silent } = await connect(t, network, server);
    const waiting = http.request({ createConnection: () => silent }).end();
    while (silent.bytesWritten === 0 || readTcpInfo(silent).unacknowledged !== 0) await new Promise(setImmediate);

    const ours = http.createServer();
    await listening(t, ours, { host: network.address });
    const asked = once(ours, 'request') as Promise<[IncomingMessage]>;
    const client = await connect(t, network, ours);
    client.socket.emit('data', Buffer.from('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf'));
    const [request] = await asked;
    const clientError = once(ours, 'clientError') as Promise<[NodeJS.ErrnoException]>;

    const codes = Promise.all([waiting, reading, response.resume(), request.resume()].map(codeOf));
    const reasons = Promise.all([silent, response.socket, client.socket].map(ended));
    network.cut();
    t.strictSame(
      (await reasons).map((error) => disconnectReason(error)),
      ['timed-out', 'timed-out', 'timed-out'],
    );
    t.strictSame(await codes, ['ETIMEDOUT', 'ETIMEDOUT', 'ECONNRESET', 'ECONNRESET']);
    t.equal((await clientError)[0].code, 'ETIMEDOUT');
    network.mend();
  });

  await t.test('unreachable, by ICMP', async (t) => {
    const { socket } = await connect(t, network, server);
    network.reject();
    socket.write('x');
    const error = await ended(socket);
    t.equal(error?.code, 'EHOSTUNREACH');
    t.equal(disconnectReason(error), 'unreachable');
    network.mend();
  });

  await t.test('reset, by a peer that restarted and knows nothing', async (t) => {
    const { socket, peer } = await connect(t, network, server, 'paused');
    // With something unread a kernel closes with RST, not FIN; nobody repeats that when it is lost.
    socket.write('unread');
    while (readTcpInfo(socket).unacknowledged !== 0) await new Promise(setImmediate);
    const closing = ended(socket);
    network.cut();
    await end(peer);
    network.mend();
    const error = await closing;
    t.equal(error?.code, 'ECONNRESET');
    t.equal(disconnectReason(error), 'reset');
  });

  await t.test('closed in order, by either side', async (t) => {
    const theirs = await connect(t, network, server);
    const theirEnd = ended(theirs.socket.resume());
    await end(theirs.peer);
    t.equal(disconnectReason(await theirEnd), 'closed');
    const ours = await connect(t, network, server);
    ours.socket.end();
    ours.socket.destroy();
    t.equal(disconnectReason(await ended(ours.socket)), 'closed');
  });

  await t.test('refused, before there was a connection', async (t) => {
    const error = await ended(net.connect(1, network.address));
    t.equal(error?.code, 'ECONNREFUSED');
    t.equal(disconnectReason(error), 'other');
  });

  await t.test('anything else', async (t) => {
    for (const nothing of [undefined, null]) t.equal(disconnectReason(nothing), 'closed');
    for (const other of [new Error('mine'), {}, 'ETIMEDOUT', 7]) t.equal(disconnectReason(other), 'other');
    const reason = (code: string, syscall?: string) => disconnectReason(Object.assign(new Error(), { code, syscall }));
    t.equal(reason('EPIPE'), 'reset');
    // As the documentation of Windows and libuv's error.c say; none of it has run on Windows.
    t.equal(reason('ENOTCONN', 'write'), 'reset');
    t.equal(reason('UNKNOWN', 'read'), 'timed-out', 'WSAENETRESET');
    t.equal(reason('UNKNOWN', 'open'), 'other');
  });
}

async function connect(t: Test, network: Network, server: Server, ...how: string[]): Promise<Connection> {
  const { port } = server.address() as net.AddressInfo;
  const program = [require.resolve('../support/peers.js'), network.address, String(port), '1', ...how];
  const peer = network.spawn(process.execPath, program, { stdio: 'inherit' });
  t.teardown(() => end(peer));
  const [socket] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => socket.destroy());
  applyKeepalive(socket, profile);
  return { socket, peer };
}

async function end(peer: ChildProcess): Promise<void> {
  if (peer.exitCode !== null || peer.signalCode !== null) return;
  const exit = once(peer, 'exit');
  peer.kill('SIGKILL');
  await exit;
}

/** The error that a socket closes with, or undefined. */
function ended(socket: Socket): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve, reject) => {
    let error: NodeJS.ErrnoException | undefined;
    const late = setTimeout(reject, deadline, new Error(`not closed within ${deadline} ms`));
    socket.on('error', (reason) => (error = reason));
    socket.once('close', () => {
      clearTimeout(late);
      resolve(error);
    });
  });
}
