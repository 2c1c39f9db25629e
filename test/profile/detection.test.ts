import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import { detectionTime, keepaliveSupport, profiles, type KeepaliveProfile } from 'tcp-keepalive';
import { latestVerdict, latestWriteVerdict, match } from '../support/timer-wheel';

type Times = [initialDelay: number, interval: number, count: number, userTimeout?: number | 'match'];

/** Times in seconds. */
function profileOf([initialDelay, interval, count, userTimeout]: Times): KeepaliveProfile {
  const timing = { initialDelay: initialDelay * 1_000, interval: interval * 1_000, count };
  return { ...timing, userTimeout: typeof userTimeout === 'number' ? userTimeout * 1_000 : userTimeout };
}

/**
 * [profile in seconds, idle and inFlight in milliseconds, why]. Timers that fire latest: 1 s at 100 Hz 1.08 s; 2 s at 300 Hz
 * 2.2133 s; 3 s at 250 Hz 3.256 s; 5 s at 1000 Hz 5.512 s; 15 s at 300 Hz 16.7067 s; 30 s at 250 Hz 32.048 s.
 */
const onLinux: [Times, number, number | null, string][] = [
  [[1, 1, 3], 4_320, null, 'four times 1.08; measured: 4.05 s'],
  [[1, 1, 3, 0], 4_320, null, 'the system default is no user timeout'],
  [[1, 1, 3, 'match'], 4_320, 6_324, 'at 250 Hz twice 1.032, 4, 0.256 of a timer of 3 s, and a tick'],
  [[1, 1, 3, 10], 10_800, 12_810, 'the count is ignored; at 100 Hz twice 1.08, 10, 0.64 of a timer of 6 s, and a tick'],
  [[5, 2, 3, 10], 11_854, 12_810, 'the first probe time that is not before the user timeout: the fourth, at 300 Hz'],
  [[30, 5, 3, 10], 37_304, 12_810, 'shorter than the delay: the second probe time, 32.048 + 5.256'],
  [[2, 3, 2], 9_768, null, 'an interval above the delay: three times 3.256; measured: 9.4 s'],
  [[2, 3, 2, 'match'], 9_768, 10_641, 'at 1000 Hz twice 1.064, 8, 0.512 of a timer of 5 s, and a tick'],
  [[2, 3, 2, 9], 12_256, 11_810, 'a probe time just misses the user timeout: 9 + 3.256'],
  [[2, 3, 2, 1], 6_512, 3_250, 'one lost probe, with an interval above the delay'],
  [
    [33, 1, 3, 'match'],
    40_554,
    43_590,
    'a match of 39.474 s, at 1000 Hz: 37.096 + 2 * 1.064 + 0.25; then 1.08 at 100 Hz',
  ],
  [[15, 5, 3, 'match'], 32_347, 33_764, 'at 300 Hz: 16.7067 + 3 * 5.2133'],
  [
    [30, 5, 3, 'match'],
    47_816,
    49_116,
    'at 250 Hz: 32.048 + 3 * 5.256, and twice 1.032, 45, 2.048 of 23.5 s, and a tick',
  ],
];

const linuxOnly = { skip: process.platform !== 'linux' && 'Linux formulas' };

void t.test('the bounds of some profiles, computed by hand', linuxOnly, async (t) => {
  for (const [times, idle, inFlight, why] of onLinux) {
    const atMost = inFlight === null ? null : idle + inFlight;
    t.strictSame(detectionTime(profileOf(times)), { idle, inFlight, atMost }, `${times.join('/')}: ${why}`);
  }
});

const { limits } = keepaliveSupport;
const wholeSeconds = ({ min, max }: { min: number; max: number }) =>
  fc
    .oneof(fc.integer({ min: min / 1_000, max: 1_000 }), fc.integer({ min: min / 1_000, max: max / 1_000 }))
    .map((value) => value * 1_000);
const anyTiming = fc.record({
  initialDelay: wholeSeconds(limits.initialDelay),
  interval: wholeSeconds(limits.interval),
  count: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 127 })),
});
const anyProfile = fc
  .tuple(anyTiming, fc.constantFrom<(number | 'match' | undefined)[]>(undefined, 0, 'match', 1_000, 60_000, 600_000))
  .filter(([timing, userTimeout]) => userTimeout !== 'match' || match(timing) < 2 ** 31)
  .map(([timing, userTimeout]) => ({ ...timing, userTimeout }));

void t.test('the bounds of any profile, by the timer wheel', linuxOnly, async () => {
  const property = fc.property(anyProfile, (profile) => {
    const { idle, inFlight, atMost } = detectionTime(profile);
    const userTimeout = profile.userTimeout === 'match' ? match(profile) : (profile.userTimeout ?? 0);
    const expected = [latestVerdict(profile, userTimeout), userTimeout === 0 ? null : latestWriteVerdict(userTimeout)];
    if (idle !== expected[0] || inFlight !== expected[1]) throw new Error(`${idle}, ${inFlight}, not ${expected}`);
    if (atMost !== (inFlight === null ? null : idle + inFlight)) throw new Error(String(atMost));
  });
  fc.assert(property, { numRuns: 5_000 });
});

void t.test('a larger value never notices a peer sooner', async () => {
  const property = fc.property(anyProfile, (profile) => {
    const { initialDelay, count, userTimeout } = profile;
    const { idle, inFlight } = detectionTime(profile);
    const more: KeepaliveProfile[] = [{ ...profile, count: count + 1 }];
    const isNumber = typeof userTimeout === 'number' && userTimeout > 0;
    if (isNumber) more.push({ ...profile, userTimeout: userTimeout + 1 });
    // A longer delay can leave out a probe before a user timeout that is not longer, or where the interval counts instead.
    const longerDelay = { ...profile, initialDelay: initialDelay + 1_000 };
    if (!isNumber && profile.interval <= initialDelay) more.push(longerDelay);
    for (const longer of more) {
      if (longer.count > limits.count.max || longer.initialDelay > limits.initialDelay.max) continue;
      if (userTimeout === 'match' && match(longer) > 2 ** 31 - 1) continue;
      const later = detectionTime(longer);
      if (later.idle < idle) throw new Error(`idle ${later.idle} with ${JSON.stringify(longer)}`);
      if ((later.inFlight ?? 0) < (inFlight ?? 0)) throw new Error(`inFlight ${later.inFlight}`);
    }
  });
  fc.assert(property, { numRuns: 3_000 });
});

void t.test('systems whose user timeout does not end probing', async (t) => {
  const profile = { initialDelay: 2_000, interval: 3_000, count: 2 };
  const cases = [profile, { ...profile, userTimeout: 'match' }, { ...profile, userTimeout: 1_500 }];
  const program = `
    Object.defineProperty(process, 'platform', { value: process.argv[1] });
    const { detectionTime } = require(process.argv[2]);
    console.log(JSON.stringify(${JSON.stringify(cases)}.map(detectionTime)));`;
  const detection = path.join(__dirname, '..', '..', 'dist', 'profile', 'detection.js');
  const timesOn = (platform: string): unknown =>
    JSON.parse(execFileSync(process.execPath, ['-e', program, platform, detection], { encoding: 'utf8' }));
  const idle = 9_000;
  const without = { idle, inFlight: null, atMost: null };
  const matched = { idle, inFlight: 8_000, atMost: 17_000 };
  // Three timers that are half a second late each; a user timeout of 2 s after twice 1.1 s, and a last timer of 4.1 s.
  const silence = { idle: 9_500, inFlight: 8_300, atMost: 9_500 };
  const count = { idle: 9_500, inFlight: 9_500, atMost: 9_500 };
  t.strictSame(timesOn('darwin'), [count, count, silence], 'macOS counts the silence with data in flight too');
  t.strictSame(timesOn('win32'), [without, matched, { idle, inFlight: 1_500, atMost: 10_500 }]);
});

void t.test('a plan for macOS, where writes do not move the verdict', async (t) => {
  const program = `
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const { planKeepalive } = require(process.argv[1]);
    const { detectionTime } = require(process.argv[2]);
    const plan = planKeepalive({ detectWithin: 120_000 });
    console.log(JSON.stringify([plan, detectionTime(plan).atMost]));`;
  const files = ['plan', 'detection'].map((name) => path.join(__dirname, '..', '..', 'dist', 'profile', `${name}.js`));
  const output = execFileSync(process.execPath, ['-e', program, ...files], { encoding: 'utf8' });
  const [plan, atMost] = JSON.parse(output) as [KeepaliveProfile, number];
  t.match(plan, { initialDelay: 103_000, interval: 5_000, count: 3 }, 'twice what Linux can be given');
  t.equal(atMost, 120_000);
});

void t.test('times that macOS cannot hold in 32 bits of milliseconds', async (t) => {
  const program = `
    Object.defineProperty(process, 'platform', { value: process.argv[1] });
    const { defineProfile } = require(process.argv[2]);
    const outcome = ([delay, interval, count]) => {
      try {
        return defineProfile({ initialDelay: delay * 1000, interval: interval * 1000, count }) && 'ok';
      } catch ({ field }) {
        return field;
      }
    };
    console.log(JSON.stringify(JSON.parse(process.argv[3]).map(outcome)));`;
  const cases = [
    [2_147_483 - 3, 1, 3],
    [2_147_483 - 2, 1, 3],
    [2_147_484, 1, 3],
    [1, 2_147_484, 1],
  ];
  const profile = path.join(__dirname, '..', '..', 'dist', 'profile', 'profile.js');
  for (const platform of ['darwin', 'win32']) {
    const arguments_ = ['-e', program, platform, profile, JSON.stringify(cases)];
    const outcomes = JSON.parse(execFileSync(process.execPath, arguments_, { encoding: 'utf8' })) as unknown;
    t.strictSame(outcomes, ['ok', 'count', 'initialDelay', 'interval'], platform);
  }
  const wrapping = JSON.stringify([[1, 2_048, 262_144]]);
  const output = execFileSync(process.execPath, ['-e', program, 'darwin', profile, wrapping], { encoding: 'utf8' });
  t.strictSame(JSON.parse(output), ['count'], 'a sum that wraps to nothing');
});

void t.test('a bad profile', async (t) => {
  t.throws(() => detectionTime({ initialDelay: 30, interval: 5, count: 3 }), { code: 'ERR_KEEPALIVE_PROFILE' });
  t.throws(() => detectionTime({ ...profiles.presence, userTimeout: 45 }), { code: 'ERR_KEEPALIVE_PROFILE' });
});
