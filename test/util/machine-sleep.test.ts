// A machine that seems to sleep: its clocks of the wall and of boot time jump, all others do not.
import { once } from 'node:events';
import t from 'tap';
import { LivenessMonitor } from 'tcp-keepalive';
import { SilenceWatchdog } from 'tcp-keepalive/heartbeat';
import { oracle } from '../support/oracle';
import { withInterposer } from '../support/rerun';
import { tcpPair } from '../support/sockets';

const hour = 3_600_000;
const deadline = 10_000;

withInterposer(__filename, () => {
  void t.test('a monitor counts the machine’s sleep as silence', async (t) => {
    const { client, accepted } = await tcpPair(t);
    const monitor = new LivenessMonitor({ silentAfter: hour, checkEvery: 100 });
    t.teardown(() => monitor.stop());
    monitor.watch(accepted);
    const event = (name: string) => once(monitor, name, { signal: AbortSignal.timeout(deadline) });
    const looked = async () => {
      while (monitor.snapshot().unknown > 0) await new Promise((resolve) => setTimeout(resolve, 100));
      await new Promise((resolve) => setTimeout(resolve, 500)); // longer than one round ago
    };
    await looked();
    oracle.sleep(hour / 2);
    await looked();
    t.equal(monitor.snapshot().silent, 0);
    const { bounds, counts } = monitor.snapshot().lastHeard;
    t.equal(counts[bounds.findIndex((bound) => bound >= hour / 2)], 1, 'half an hour of silence');

    oracle.sleep(hour / 2);
    const [, milliseconds] = (await event('silent')) as [unknown, number];
    t.ok(milliseconds >= hour && milliseconds < hour + deadline, `${milliseconds} ms`);

    accepted.resume();
    client.write('x');
    await event('heard');
    t.equal(monitor.snapshot().lastHeard.counts[0], 1, 'and is forgotten when the peer is heard');
  });

  void t.test('a watchdog ends its stream when the machine wakes', async (t) => {
    const { client } = await tcpPair(t);
    const silent = once(client, 'error', { signal: AbortSignal.timeout(deadline) });
    new SilenceWatchdog({ timeout: hour }).watch(client);
    oracle.sleep(hour);
    const [error] = (await silent) as [NodeJS.ErrnoException];
    t.equal(error.code, 'ERR_KEEPALIVE_SILENCE');
  });
});
