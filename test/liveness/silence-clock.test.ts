// A machine that seems to sleep: its clocks of the wall and of boot time jump, all others do not.
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { LivenessMonitor } from 'tcp-keepalive';
import { SilenceClock } from '../../dist/liveness/silence-clock.js';
import { oracle } from '../support/oracle';
import { poll } from '../support/poll';
import { withInterposer } from '../support/rerun';
import { tcpPair } from '../support/sockets';

const hour = 3_600_000;
const second = 1_000;

withInterposer(__filename, () => {
  void t.test('each sleep counts for the peers that were heard before it', async (t) => {
    const clock = new SilenceClock();
    // How long it was is known to the second: libuv's uptime.
    const isAbout = (silence: number, wanted: number, what: string) =>
      t.ok(Math.abs(silence - wanted) < 5 * second, `${what}: ${silence} ms`);
    await delay(second);
    const start = clock.now();
    t.equal(clock.silence(40), 40);
    oracle.sleep(hour);
    isAbout(clock.now() - start, hour, 'it goes on');
    isAbout(clock.silence(900), hour, 'heard before');
    t.equal(clock.silence(0), 0, 'heard since');
    await delay(2 * second);
    clock.now();
    t.equal(clock.silence(second), second, 'heard between the two sleeps');
    oracle.sleep(2 * hour);
    clock.now();
    isAbout(clock.silence(second), 2 * hour, 'heard between the two sleeps');
    isAbout(clock.silence(3 * second), 3 * hour, 'heard before both');
    t.equal(clock.silence(0), 0);
  });

  void t.test('after a sleep of an hour a silent socket is destroyed, one whose peer speaks is not', async (t) => {
    const pairs = await Promise.all([tcpPair(t), tcpPair(t)]);
    const [quiet, lively] = pairs.map(({ accepted }) => accepted.resume()) as [Socket, Socket];
    const { client } = pairs[1];
    const speaking = setInterval(() => client.write('x'), 20);
    t.teardown(() => clearInterval(speaking));
    const monitor = new LivenessMonitor({ silentAfter: hour / 4, checkEvery: 500, destroyAfter: hour / 2 });
    t.teardown(() => monitor.stop());
    const events: unknown[][] = [];
    monitor.on('silent', (socket, milliseconds) => events.push(['silent', socket === quiet, milliseconds > hour]));
    monitor.on('gone', (socket, reason) => events.push(['gone', socket === quiet, reason]));
    for (const { accepted } of pairs) monitor.watch(accepted);
    await poll('all known', () => monitor.snapshot().unknown === 0);
    await delay(2 * second);
    const start = performance.now();
    oracle.sleep(hour);
    await poll('gone', () => monitor.snapshot().gone['timed-out'] === 1);
    t.ok(performance.now() - start < 500 + second, 'one checkEvery after waking');
    await delay(second);
    t.strictSame(events, [
      ['silent', true, true],
      ['gone', true, 'timed-out'],
    ]);
    t.equal(lively.destroyed, false);
    t.match(monitor.snapshot(), { connections: 1, silent: 0, unknown: 0 });
  });
});
