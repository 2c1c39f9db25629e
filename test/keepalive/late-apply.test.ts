// A profile that comes long after the handshake, because something else held the process up: the peer's silence until then
// does not count against it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net, { type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { applyKeepalive, applyKeepaliveToProcess, applyKeepaliveToServer } from 'tcp-keepalive';
import { acceptQueueLength } from '../../dist/socket/kernel.js';
import { fdOf, held } from '../support/oracle';
import { listening, owned } from '../support/sockets';
import { spin } from '../support/spin';

const heldUp = 1_500;
const profile = { initialDelay: 2_000, interval: 1_000, count: 4, userTimeout: 'match' } as const;
const userTimeout = 6_000;

function isPatient(t: Test, socket: Socket): void {
  const [enabled, , , , timeout] = held(socket) as [number, number, number, number, number];
  t.equal(enabled, 1);
  t.ok(timeout >= userTimeout + heldUp - 100 && timeout < userTimeout + 20 * heldUp, `a user timeout of ${timeout}`);
}

/** A connection whose handshake was over before 'connect' by so much. */
async function lateClient(t: Test, use: (socket: Socket) => void = () => undefined): Promise<Socket> {
  const server = net.createServer((socket) => owned(t, socket));
  const port = await listening(t, server);
  const socket = owned(t, new net.Socket());
  use(socket);
  socket.connect(port, '127.0.0.1');
  process.nextTick(spin, heldUp); // after Node, which connects in the next tick
  await once(socket, 'connect');
  return socket;
}

/** A connection that has waited to be accepted for so long. */
async function lateAccepted(t: Test, use: (server: Server) => void): Promise<Socket> {
  const server = net.createServer();
  const port = await listening(t, server);
  const client = spawn(process.execPath, ['-e', `require('net').connect(${port}, '127.0.0.1')`], { stdio: 'ignore' });
  t.teardown(async () => {
    client.kill('SIGKILL');
    await once(client, 'exit');
  });
  while (acceptQueueLength(fdOf(server)) === 0);
  spin(heldUp);
  use(server);
  const [socket] = (await once(server, 'connection')) as [Socket];
  return owned(t, socket);
}

void t.test('applyKeepalive before connect()', async (t) => {
  isPatient(
    t,
    await lateClient(t, (socket) => {
      applyKeepalive(socket, profile);
    }),
  );
});

void t.test('applyKeepaliveToProcess, an outgoing connection', async (t) => {
  const tuned = applyKeepaliveToProcess({ connections: profile });
  t.teardown(() => tuned.stop());
  const socket = await lateClient(t);
  isPatient(t, socket);
  const before = held(socket);
  applyKeepalive(socket, { ...profile });
  t.strictSame(held(socket), before, 'applying it to the socket changes nothing');
});

void t.test('applyKeepaliveToProcess, a connection that waits to be accepted', async (t) => {
  isPatient(
    t,
    await lateAccepted(t, () => {
      const tuned = applyKeepaliveToProcess({ servers: profile });
      t.teardown(() => tuned.stop());
    }),
  );
});

void t.test('applyKeepaliveToServer, a connection that waits to be accepted', async (t) => {
  isPatient(
    t,
    await lateAccepted(t, (server) => {
      applyKeepaliveToServer(server, profile);
    }),
  );
});
