// A kernel that knows less: TCP_INFO is answered short, and what was not written is not known. An answer shorter than any
// Linux gives, as qemu's emulation of a process gives it, is not believed at all.
import t from 'tap';
import { lastHeard, readTcpInfo } from 'tcp-keepalive';
import { oracle } from '../support/oracle';
import { withInterposer } from '../support/rerun';
import { tcpPair } from '../support/sockets';

const shortest = 104; // struct tcp_info of Linux 2.6 ends with tcpi_total_retrans

withInterposer(__filename, () => {
  void t.test('the length of the answer decides which fields are known', async (t) => {
    const { client } = await tcpPair(t);
    t.equal(readTcpInfo(client).notSent, 0);

    oracle.shortenInfo(shortest);
    const older = readTcpInfo(client);
    t.match(older, { state: 'established', notSent: null, unacknowledged: 0 });
    t.type(older.rtt, 'number');
    t.type(lastHeard(client), 'number');

    for (const length of [shortest - 1, 8, 4]) {
      oracle.shortenInfo(length);
      const none = Object.values(readTcpInfo(client)) as unknown[];
      t.strictSame([...new Set(none)], [null], `${length} bytes`);
    }
    t.equal(lastHeard(client), null);
  });
});
