import t from 'tap';
import { keepaliveTraffic, profiles } from 'tcp-keepalive';

void t.test('the numbers', async (t) => {
  t.strictSame(keepaliveTraffic({ initialDelay: 60_000, interval: 5_000, count: 3 }), {
    probesPerHour: 60,
    packetsPerHour: 120,
    bytesPerHourIPv4: 6_240,
    bytesPerHourIPv6: 8_640,
    wakeUpsPerDay: 1_440,
  });
  const slowInterval = keepaliveTraffic({ initialDelay: 60_000, interval: 120_000, count: 1, userTimeout: 0 });
  t.equal(slowInterval.probesPerHour, 30, 'an interval above the delay is the period');
  const perDay = Object.entries(profiles).map(([name, profile]) => [name, keepaliveTraffic(profile).wakeUpsPerDay]);
  t.strictSame(Object.fromEntries(perDay), {
    presence: 2_880,
    eventStream: 288,
    lowPower: 86_400 / 550,
    mobileNat: 360,
    cloudLoadBalancer: 432,
    dataCenter: 5_760,
  });
});

void t.test('bad arguments', async (t) => {
  t.throws(() => keepaliveTraffic({ initialDelay: 30, interval: 5, count: 3 }), { code: 'ERR_KEEPALIVE_PROFILE' });
  t.throws(() => keepaliveTraffic(null as never), { code: 'ERR_INVALID_ARG_TYPE' });
});
