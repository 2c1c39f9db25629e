// A server's profile at odd moments.
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import t, { type Test } from 'tap';
import { applyKeepaliveToServer } from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { secondCopy } from '../support/second-copy';
import { listening, owned, tcpPair, unixPath } from '../support/sockets';

const fresh = [0, 7_200, 75, 9, 0];

/** What the next accepted connection holds after all 'connection' listeners ran. */
async function nextConnection(t: Test, server: net.Server): Promise<number[]> {
  const { port } = server.address() as net.AddressInfo;
  const client = owned(t, net.connect(port, '127.0.0.1'));
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  const holds = held(accepted);
  client.destroy();
  accepted.destroy();
  return holds;
}

void t.test('two copies of the package on one server: one profile wins, the event loop is not blocked', async (t) => {
  const server = net.createServer();
  const first = applyKeepaliveToServer(server, profile);
  const second = secondCopy().applyKeepaliveToServer(server, other);
  await listening(t, server);
  const holds = await nextConnection(t, server);
  t.ok(
    [profile, other].some((either) => String(heldBy(either)) === String(holds)),
    'one of the two',
  );
  second.stop();
  first.stop();
});

void t.test('a second stop() changes nothing that was done after the first', async (t) => {
  const server = net.createServer();
  await listening(t, server);
  const stale = applyKeepaliveToServer(server, profile);
  stale.stop();
  const tuned = applyKeepaliveToServer(server, other);
  stale.stop();
  stale.update(profile);
  t.strictSame(held(server), heldBy(other));
  t.equal(applyKeepaliveToServer(server, profile), tuned, 'still the one');
  t.strictSame(await nextConnection(t, server), heldBy(profile));
});

void t.test('listen() and apply in one turn, then stop(): the listener is as it was', async (t) => {
  const server = owned(t, net.createServer());
  server.listen(0, '127.0.0.1');
  const tuned = applyKeepaliveToServer(server, profile);
  await once(server, 'listening');
  t.strictSame(held(server), heldBy(profile));
  tuned.stop();
  t.strictSame(held(server), fresh);
});

void t.test('update to a profile without a user timeout: back to the one before any profile', async (t) => {
  const server = net.createServer();
  await listening(t, server);
  const tuned = applyKeepaliveToServer(server, profile);
  const { initialDelay, interval, count } = other;
  tuned.update({ initialDelay, interval, count });
  t.strictSame(held(server), [...heldBy(other).slice(0, 4), 0]);
  t.strictSame(await nextConnection(t, server), [...heldBy(other).slice(0, 4), 0]);
  t.strictSame(await nextConnection(t, server), [...heldBy(other).slice(0, 4), 0]);
});

void t.test('after removeAllListeners() an update looks at connections again', async (t) => {
  const server = net.createServer({ keepAlive: true, keepAliveInitialDelay: 20_000 });
  await listening(t, server);
  const tuned = applyKeepaliveToServer(server, profile);
  server.removeAllListeners();
  tuned.update(other);
  t.strictSame(await nextConnection(t, server), heldBy(other));
  await new Promise((resolve) => server.close(resolve));
  await listening(t, server);
  t.strictSame(await nextConnection(t, server), heldBy(other), 'and follows a second listen');
});

void t.test('a Unix-domain server that was applied to before listen() is reported once', async (t) => {
  const server = net.createServer((socket) => void owned(t, socket));
  const errors: unknown[] = [];
  applyKeepaliveToServer(server, profile, { onError: (error) => void errors.push(error) });
  const path = unixPath(t);
  owned(t, server).listen(path);
  await once(server, 'listening');
  for (let i = 0; i < 3; i += 1) {
    owned(t, net.connect(path));
    await once(server, 'connection');
  }
  t.match(errors, [{ code: 'ERR_KEEPALIVE_NOT_TCP' }]);
  t.equal(errors.length, 1);
});

void t.test('sockets that other code hands over do not count as accepted', async (t) => {
  const { client } = await tcpPair(t);
  const server = net.createServer();
  await listening(t, server);
  applyKeepaliveToServer(server, profile);
  const listeners = server.listenerCount('connection');
  for (let i = 0; i < 8; i += 1) server.emit('connection', client);
  t.strictSame(held(client), heldBy(profile), 'they get the profile');
  t.equal(server.listenerCount('connection'), listeners, 'and accepted ones are still looked at');
});

void t.test('a stream that is handed over is reported as not TCP', async (t) => {
  const server = net.createServer();
  const errors: unknown[] = [];
  applyKeepaliveToServer(server, profile, { onError: (error) => void errors.push(error) });
  server.emit('connection', new Duplex());
  t.match(errors, [{ code: 'ERR_KEEPALIVE_NOT_TCP' }]);
});

void t.test('a socket that is handed over before it is connected is reported as not connected', async (t) => {
  const server = net.createServer();
  const errors: unknown[] = [];
  applyKeepaliveToServer(server, profile, { onError: (error) => void errors.push(error) });
  server.emit('connection', new net.Socket());
  t.match(errors, [{ code: 'ERR_KEEPALIVE_NOT_CONNECTED' }]);
});

void t.test("between listen() and 'listening': restored to what was before the profile", async (t) => {
  const server = net.createServer();
  const ready = once(owned(t, server).listen(0), 'listening');
  const before = held(server);
  const tuned = applyKeepaliveToServer(server, profile);
  t.strictSame(held(server), heldBy(profile));
  await ready;
  tuned.stop();
  t.strictSame(held(server), before);
});
