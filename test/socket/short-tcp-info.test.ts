// A kernel that knows less: TCP_INFO is answered short, and what was not written is not known.
import t from 'tap';
import { lastHeard, readTcpInfo } from 'tcp-keepalive';
import { oracle } from '../support/oracle';
import { withInterposer } from '../support/rerun';
import { tcpPair } from '../support/sockets';

const beforeNotSent = 104; // struct tcp_info of Linux 2.6 ends with tcpi_total_retrans
const beforeRtt = 68;

withInterposer(__filename, () => {
  void t.test('the length of the answer decides which fields are known', async (t) => {
    const { client } = await tcpPair(t);
    t.equal(readTcpInfo(client).notSent, 0);

    oracle.shortenInfo(beforeNotSent);
    const older = readTcpInfo(client);
    t.match(older, { state: 'established', notSent: null, unacknowledged: 0 });
    t.type(older.rtt, 'number');
    t.type(lastHeard(client), 'number');

    oracle.shortenInfo(beforeRtt);
    t.match(readTcpInfo(client), { state: 'established', rtt: null, rttVariance: null });

    oracle.shortenInfo(8);
    const oldest = readTcpInfo(client);
    t.match(oldest, { state: 'established', retransmits: 0, unansweredProbes: 0 });
    for (const name of ['rtt', 'unacknowledged', 'sinceDataSent', 'sinceDataReceived', 'sinceAckReceived'] as const) {
      t.equal(oldest[name], null, name);
    }
    t.equal(lastHeard(client), null);
  });
});
