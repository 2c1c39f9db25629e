import { once } from 'node:events';
import net from 'node:net';
import { constants } from 'node:os';
import t from 'tap';
import { applyKeepalive, lastHeard, readTcpInfo, type TcpInfo } from 'tcp-keepalive';
import { binding } from '../../dist/addon/binding.js';
import { tcpInfoShownBySs } from '../support/oracle';
import { profile } from '../support/profiles';
import { listening, owned, tcpPair, tlsPair, unixPair } from '../support/sockets';

const linux = process.platform !== 'linux' && 'Linux tells every field';

void t.test('every field, on a connection that has just received data', { skip: linux }, async (t) => {
  const { client, accepted } = await tcpPair(t);
  const received = once(accepted, 'data');
  client.write('x');
  await received;
  for (const socket of [client, accepted]) {
    const info = readTcpInfo(socket);
    t.match(info, { state: 'established', retransmits: 0, unansweredProbes: 0, unacknowledged: 0, notSent: 0 });
    for (const [name, value] of Object.entries(info)) t.not(value, null, name);
    t.ok(info.rtt! > 0 && info.rtt! < 1_000, `rtt ${info.rtt} ms`);
  }
  t.ok(readTcpInfo(client).sinceDataSent! < 1_000);
  t.ok(readTcpInfo(accepted).sinceDataReceived! < 1_000);
});

void t.test('the addon names every field, and no other', async (t) => {
  const { client } = await tcpPair(t);
  t.strictSame([...binding.infoNames], Object.keys(readTcpInfo(client)));
  t.not(binding.absent, -constants.errno.EPERM, 'what is not told is no error number');
});

void t.test('the fields are what ss shows', { skip: linux }, async (t) => {
  const { client, accepted } = await tcpPair(t);
  accepted.pause();
  while (client.write(Buffer.alloc(1 << 16)));
  let info = readTcpInfo(client);
  for (let before; before !== info.notSent || before === 0; info = readTcpInfo(client)) {
    before = info.notSent;
    await new Promise((resolve) => setTimeout(resolve, 100)); // until nothing moves
  }
  const shown = tcpInfoShownBySs(client);
  t.equal(info.notSent, shown['notsent'], 'notsent');
  t.ok(info.notSent! > 0);
  t.equal(info.unacknowledged, shown['unacked'] ?? 0, 'unacked');
  t.equal(info.rtt, shown['rtt'], 'rtt');
  for (const [field, name] of [
    ['sinceDataSent', 'lastsnd'],
    ['sinceDataReceived', 'lastrcv'],
    ['sinceAckReceived', 'lastack'],
  ] as const) {
    t.ok(Math.abs(info[field]! - (shown[name] ?? 0)) < 250, `${name}: ${info[field]} and ${shown[name]}`);
  }
});

void t.test('the state of a half-closed connection', { skip: linux }, async (t) => {
  const { client, accepted } = await tcpPair(t, '127.0.0.1', { allowHalfOpen: true });
  const ended = once(accepted, 'end');
  accepted.resume();
  client.end();
  await ended;
  const deadline = Date.now() + 5_000;
  while (readTcpInfo(client).state === 'fin-wait-1' && Date.now() < deadline) await new Promise(setImmediate);
  t.equal(readTcpInfo(client).state, 'fin-wait-2');
  t.equal(readTcpInfo(accepted).state, 'close-wait');
});

void t.test('lastHeard is the younger of data and acknowledgement', { skip: linux }, async (t) => {
  const { client, accepted } = await tcpPair(t);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok(lastHeard(accepted)! >= 290, `${lastHeard(accepted)} ms of silence`);
  const received = once(accepted, 'data');
  client.write('x');
  await received;
  t.ok(lastHeard(accepted)! < 290, 'data was heard');
  t.ok(lastHeard(client)! < 290, 'and its acknowledgement');
  const { sinceDataReceived, sinceAckReceived } = readTcpInfo(client);
  t.ok(sinceDataReceived! >= 290 && sinceAckReceived! < 290, 'which is no data');
});

void t.test('TLS', { skip: linux }, async (t) => {
  const { client, accepted } = await tlsPair(t);
  t.equal(readTcpInfo(client).state, 'established');
  t.type(lastHeard(accepted), 'number');
});

void t.test('reading changes nothing', { skip: linux }, async (t) => {
  const { client } = await tcpPair(t);
  applyKeepalive(client, profile);
  const first: TcpInfo = readTcpInfo(client);
  t.ok(readTcpInfo(client).sinceAckReceived! >= first.sinceAckReceived!);
});

void t.test('sockets that cannot be read: the error of each', async (t) => {
  const port = await listening(t, net.createServer());
  const { client: unix } = await unixPair(t);
  const { client: destroyed } = await tcpPair(t);
  destroyed.destroy();
  for (const read of [readTcpInfo, lastHeard]) {
    t.throws(() => read(owned(t, net.connect(port, '127.0.0.1'))), { code: 'ERR_KEEPALIVE_NOT_CONNECTED' });
    t.throws(() => read(destroyed), { code: 'ERR_KEEPALIVE_CLOSED' });
    t.throws(() => read(unix), { code: 'ERR_KEEPALIVE_NOT_TCP' });
    t.throws(() => read({} as never), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});
