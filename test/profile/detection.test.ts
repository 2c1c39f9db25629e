import t from 'tap';
import { detectionTime, profiles } from 'tcp-keepalive';

/** [initialDelay, interval, count, userTimeout] in seconds: [idle, inFlight] in seconds. */
const onLinux: [[number, number, number, (number | 'match')?], [number, number | null], string][] = [
  [[1, 1, 3], [4, null], 'measured: 4.05 s'],
  [[1, 1, 3, 'match'], [4, 4], 'measured: 4.05 s'],
  [[1, 1, 3, 0], [4, null], 'the system default is no user timeout'],
  [[1, 1, 3, 10], [10, 10], 'the count is ignored'],
  [[5, 2, 3, 10], [11, 10], 'the first probe time that is not before the user timeout'],
  [[30, 5, 3, 10], [35, 10], 'shorter than the delay: one lost probe'],
  [[2, 3, 2], [9, null], 'an interval above the delay; measured: 9.4 s'],
  [[2, 3, 2, 'match'], [9, 8], 'the same with a match'],
  [[2, 3, 2, 9], [12, 9], 'a tick can just miss the user timeout'],
  [[2, 3, 2, 1], [6, 1], 'one lost probe, with an interval above the delay'],
];

void t.test('the formulas of the kernel', { skip: process.platform !== 'linux' && 'Linux formulas' }, async (t) => {
  for (const [[initialDelay, interval, count, userTimeout], [idle, inFlight], why] of onLinux) {
    const profile = {
      initialDelay: initialDelay * 1_000,
      interval: interval * 1_000,
      count,
      userTimeout: typeof userTimeout === 'number' ? userTimeout * 1_000 : userTimeout,
    };
    const expected = { idle: idle * 1_000, inFlight: inFlight === null ? null : inFlight * 1_000 };
    t.strictSame(detectionTime(profile), expected, `${[initialDelay, interval, count, userTimeout].join('/')}: ${why}`);
  }
});

void t.test('what the named profiles promise', async (t) => {
  const idle = Object.entries(profiles).map(([name, profile]) => [name, detectionTime(profile).idle / 1_000]);
  t.strictSame(Object.fromEntries(idle), {
    presence: 45,
    eventStream: 360,
    lowPower: 610,
    mobileNat: 300,
    cloudLoadBalancer: 230,
    dataCenter: 30,
  });
});

void t.test('a bad profile', async (t) => {
  t.throws(() => detectionTime({ initialDelay: 30, interval: 5, count: 3 }), { code: 'ERR_KEEPALIVE_PROFILE' });
});
