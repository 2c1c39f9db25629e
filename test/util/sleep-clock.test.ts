// A machine cannot be put to sleep in a test: the sources are the test's, but for the last ones.
import t from 'tap';
import { SleepClock } from '../../dist/util/sleep-clock.js';

const hour = 3_600_000;

function machine(hasBoot: boolean) {
  let awake = 5_000;
  let wall = 1_700_000_000_000;
  let asked = 0;
  let asleep = 0;
  const clock = new SleepClock({
    awake: () => awake,
    wall: () => wall,
    boot: hasBoot ? () => Math.round((++asked, awake + asleep) / 10) * 10 : undefined,
  });
  return {
    clock,
    asked: () => asked,
    work: (milliseconds: number) => {
      awake += milliseconds;
      wall += milliseconds;
    },
    sleep: (milliseconds: number) => {
      asleep += milliseconds;
      wall += milliseconds;
    },
    set: (milliseconds: number) => (wall += milliseconds),
  };
}

void t.test('without sleep it equals the monotonic clock, and does not read the boot time', async (t) => {
  const { clock, work, asked } = machine(true);
  const [start, before] = [clock.now(), asked()];
  for (let i = 0; i < 100; i += 1) {
    work(777);
    t.equal(clock.now() - start, 777 * (i + 1));
  }
  t.equal(asked(), before);
});

void t.test('each sleep is added', async (t) => {
  const { clock, work, sleep } = machine(true);
  const start = clock.now();
  for (let i = 1; i <= 3; i += 1) {
    work(1_000);
    sleep(hour);
    t.ok(Math.abs(clock.now() - start - i * (hour + 1_000)) <= 40);
  }
});

void t.test('a change of the wall clock is not a sleep', async (t) => {
  for (const hasBoot of [true, false]) {
    const { clock, work, set } = machine(hasBoot);
    const start = clock.now();
    let expected = 0;
    for (const jump of [hour, -hour, -2 * hour, 10 * hour, 1]) {
      set(jump);
      work(100);
      expected += 100;
      t.equal(clock.now() - start, expected, `set by ${jump}`);
    }
  }
});

void t.test('the wall clock is set during a sleep: the clock never goes back', async (t) => {
  const { clock, work, sleep, set } = machine(true);
  const start = clock.now();
  sleep(hour);
  set(-hour + 5_000);
  work(10);
  const after = clock.now();
  t.ok(Math.abs(after - start - hour - 10) <= 20);
  set(-hour);
  t.ok(clock.now() >= after);
});

void t.test('the clocks of this machine', async (t) => {
  const clock = new SleepClock();
  const before = performance.now();
  const now = clock.now();
  t.ok(now >= before && now <= performance.now());
});
