import t from 'tap';
import { LivenessMonitor, profiles, type LivenessProfileOptions } from 'tcp-keepalive';
import { checkedTimes } from '../../dist/liveness/options.js';
import { latestTick } from '../../dist/profile/kernel-timers.js';
import { owned, tcpPair } from '../support/sockets';

const second = 1_000;

void t.test('what a profile stands for', async (t) => {
  const { silentAfter, checkEvery, destroyAfter } = checkedTimes({ profile: profiles.mobileNat });
  // 240 s, what a kernel of 250 Hz may add (4 096 ticks of 4 ms), and one interval of 20 s.
  t.equal(silentAfter, 240 * second + 16_384 + 20 * second);
  t.equal(checkEvery, 4 * second);
  t.equal(destroyAfter, Infinity);
});

void t.test('for every named profile: after a probe must have been sent, and before the last one is', async (t) => {
  for (const [name, profile] of Object.entries(profiles)) {
    const { initialDelay, interval, count } = profile;
    const { silentAfter, checkEvery } = checkedTimes({ profile });
    t.ok(silentAfter >= latestTick(initialDelay) + interval, name);
    t.ok(silentAfter + checkEvery < latestTick(initialDelay) + interval * (count - 1), name);
  }
});

void t.test('an interval above the delay is the time between two probes', async (t) => {
  const { silentAfter } = checkedTimes({ profile: { initialDelay: second, interval: 10 * second, count: 3 } });
  t.ok(silentAfter > 20 * second && silentAfter < 22 * second, `${silentAfter}`);
});

void t.test('given times take precedence over the profile', async (t) => {
  const { profile } = { profile: profiles.presence };
  t.match(checkedTimes({ profile, silentAfter: 33 * second }), { silentAfter: 33 * second, checkEvery: second });
  t.match(checkedTimes({ profile, checkEvery: 100 }), { checkEvery: 100 });
  t.match(checkedTimes({ profile, destroyAfter: 60 * second }), { destroyAfter: 60 * second });
  const none = { profile: undefined, silentAfter: second, checkEvery: 10, destroyAfter: undefined } as never;
  t.strictSame(checkedTimes(none), { silentAfter: second, checkEvery: 10, destroyAfter: Infinity });
});

void t.test('what cannot be meant', async (t) => {
  const times = { silentAfter: second, checkEvery: 10 };
  const refused = (options: object, error: { code: string; message?: RegExp }) => {
    t.throws(() => new LivenessMonitor(options as LivenessProfileOptions), error, JSON.stringify(options));
  };
  refused({ checkEvery: 10 }, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.silentAfter/ });
  refused({ silentAfter: 10 }, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.checkEvery/ });
  refused({ profile: null }, { code: 'ERR_INVALID_ARG_TYPE', message: /profile/ });
  refused({ profile: { initialDelay: 30 } }, { code: 'ERR_KEEPALIVE_PROFILE', message: /30000/ });
  refused({ profile: profiles.presence, silentAfter: '1' }, { code: 'ERR_INVALID_ARG_TYPE' });
  refused({ ...times, destroyAfter: '1' }, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.destroyAfter/ });
  refused({ ...times, destroyAfter: null }, { code: 'ERR_INVALID_ARG_TYPE' });
  for (const destroyAfter of [0, -1, Number.NaN, Infinity, 0x80000000]) {
    refused({ ...times, destroyAfter }, { code: 'ERR_OUT_OF_RANGE', message: /options\.destroyAfter/ });
  }
  const below = /options\.destroyAfter.*options\.silentAfter \(1000\) to 2147483647.*Received 999/;
  refused({ ...times, destroyAfter: 999 }, { code: 'ERR_OUT_OF_RANGE', message: below });
  refused({ profile: profiles.presence, destroyAfter: 30_000 }, { code: 'ERR_OUT_OF_RANGE' });
});

void t.test('a monitor by a profile watches', async (t) => {
  const { accepted } = await tcpPair(t);
  const monitor = new LivenessMonitor({ profile: profiles.dataCenter });
  t.teardown(() => monitor.stop());
  monitor.watch(owned(t, accepted));
  t.equal(monitor.snapshot().connections, 1);
});
