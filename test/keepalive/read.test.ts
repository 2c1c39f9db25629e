import { readFileSync } from 'node:fs';
import net from 'node:net';
import t from 'tap';
import { readKeepalive, readSystemKeepalive } from 'tcp-keepalive';
import { held } from '../support/oracle';
import { listening, tcpPair, unixPair } from '../support/sockets';

void t.test('readSystemKeepalive returns what a fresh socket has', async (t) => {
  const { client, server } = await tcpPair(t);
  const system = readSystemKeepalive();
  t.strictSame(readKeepalive(client), system);
  t.strictSame(readKeepalive(server), system);
});

void t.test(
  'readSystemKeepalive is what /proc says',
  { skip: process.platform !== 'linux' && 'no /proc' },
  async (t) => {
    const sysctl = (name: string) => Number(readFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`, 'utf8'));
    t.strictSame(readSystemKeepalive(), {
      enabled: false,
      initialDelay: sysctl('time') * 1_000,
      interval: sysctl('intvl') * 1_000,
      count: sysctl('probes'),
      userTimeout: 0,
    });
  },
);

void t.test('readKeepalive of a server, before, while and after it listens', async (t) => {
  const server = net.createServer();
  t.throws(() => readKeepalive(server), { code: 'ERR_KEEPALIVE_NOT_CONNECTED' });
  await listening(t, server);
  t.equal(readKeepalive(server).initialDelay / 1_000, held(server)[1]);
  await new Promise((resolve) => server.close(resolve));
  t.throws(() => readKeepalive(server), { code: 'ERR_KEEPALIVE_NOT_CONNECTED' });
  t.throws(() => readKeepalive(new net.Socket()), { code: 'ERR_KEEPALIVE_NOT_CONNECTED' });
  t.throws(() => readKeepalive(undefined as never), { code: 'ERR_INVALID_ARG_TYPE' });
  const unix = await unixPair(t);
  t.throws(() => readKeepalive(unix.server), { code: 'ERR_KEEPALIVE_NOT_TCP' });
});
