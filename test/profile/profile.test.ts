import fc from 'fast-check';
import t from 'tap';
import { applyKeepalive, defineProfile, keepaliveSupport, readKeepalive, type KeepaliveProfile } from 'tcp-keepalive';
import { held } from '../support/oracle';
import { holder, profile } from '../support/profiles';
import { tcpPair } from '../support/sockets';
import { latestProbe, latestTimer, latestVerdict, match } from '../support/timer-wheel';

const good = { initialDelay: 30_000, interval: 5_000, count: 3 };

/** [what is wrong with it, the profile, the field, what the message must say] */
const badProfiles: [string, object, string, RegExp][] = [
  [
    'seconds by mistake',
    { ...good, initialDelay: 30 },
    'initialDelay',
    /^initialDelay: 30 is not a whole number of seconds in milliseconds .*1000 to 32767000.*; did you mean 30000\?$/,
  ],
  ['an interval in seconds', { ...good, interval: 5 }, 'interval', /; did you mean 5000\?$/],
  ['half a second more', { ...good, initialDelay: 1_500 }, 'initialDelay', /; did you mean 1000 or 2000\?$/],
  ['below a second', { ...good, interval: 500 }, 'interval', /not a whole number of seconds/],
  ['a delay of 0', { ...good, initialDelay: 0 }, 'initialDelay', /0 is out of range \(allowed: 1000 to 32767000/],
  ['a negative delay', { ...good, initialDelay: -1_000 }, 'initialDelay', /-1000 is out of range/],
  ['a delay beyond the kernel', { ...good, initialDelay: 32_768_000 }, 'initialDelay', /32768000 is out of range/],
  ['an interval beyond the kernel', { ...good, interval: 32_768_000 }, 'interval', /32768000 is out of range/],
  ['what Node swallows', { ...good, initialDelay: 40_000_000 }, 'initialDelay', /40000000 is out of range/],
  [
    'a string',
    { ...good, initialDelay: '7000' },
    'initialDelay',
    /'7000' is of type string, not a number .*; did you mean 7000\?$/,
  ],
  ['a word', { ...good, interval: 'soon' }, 'interval', /'soon' is of type string, not a number \(allowed: .*\)$/],
  ['NaN', { ...good, initialDelay: Number.NaN }, 'initialDelay', /NaN is not an integer/],
  ['Infinity', { ...good, interval: Infinity }, 'interval', /Infinity is not an integer/],
  ['a fraction', { ...good, interval: 1_000.5 }, 'interval', /1000.5 is not an integer/],
  ['null', { ...good, interval: null }, 'interval', /null is of type object/],
  ['a bigint', { ...good, count: 3n }, 'count', /3n is of type bigint/],
  ['a boolean', { ...good, count: true }, 'count', /true is of type boolean/],
  ['a number object', { ...good, count: new Number(3) }, 'count', /is of type object/],
  ['no probes', { ...good, count: 0 }, 'count', /0 is out of range \(allowed: 1 to 127\)/],
  ['too many probes', { ...good, count: 128 }, 'count', /128 is out of range/],
  ['what Node half applies', { ...good, count: 200 }, 'count', /200 is out of range/],
  ['half a probe', { ...good, count: 2.5 }, 'count', /2.5 is not an integer/],
  [
    'a negative user timeout',
    { ...good, userTimeout: -1 },
    'userTimeout',
    /-1 is out of range \(allowed: 0, 1000 to 2147483647 milliseconds, or 'match'\)/,
  ],
  [
    'a user timeout in seconds',
    { ...good, userTimeout: 45 },
    'userTimeout',
    /^userTimeout: 45 is less than a second \(allowed: 0, 1000 to 2147483647 .*\); did you mean 45000\?$/,
  ],
  ['the shortest of them', { ...good, userTimeout: 1 }, 'userTimeout', /; did you mean 1000\?$/],
  ['the longest of them', { ...good, userTimeout: 999 }, 'userTimeout', /; did you mean 999000\?$/],
  ['half a millisecond', { ...good, userTimeout: 0.5 }, 'userTimeout', /0.5 is not an integer \(allowed: 0, 1000 to/],
  ['a user timeout beyond the kernel', { ...good, userTimeout: 2 ** 31 }, 'userTimeout', /2147483648 is out of range/],
  ['a word for the user timeout', { ...good, userTimeout: 'never' }, 'userTimeout', /'never' is of type string/],
  ['a null user timeout', { ...good, userTimeout: null }, 'userTimeout', /null is of type object/],
  [
    'a match beyond the kernel',
    { initialDelay: 32_767_000, interval: 32_767_000, count: 127, userTimeout: 'match' },
    'userTimeout',
    /'match' is 4494332130 for this .*, more than the 2147483647 that .*; lower the interval or the count/,
  ],
  ['no initialDelay', { interval: 5_000, count: 3 }, 'initialDelay', /^initialDelay: is missing \(allowed: 1000 to/],
  ['no interval', { initialDelay: 30_000, count: 3 }, 'interval', /is missing/],
  ['no count', { initialDelay: 30_000, interval: 5_000 }, 'count', /is missing/],
  ['nothing', {}, 'initialDelay', /is missing/],
  [
    'a typo',
    { initialDelay: 30_000, intervall: 5_000, count: 3 },
    'intervall',
    /is not a field of a profile .*; did you mean interval\?$/,
  ],
  ['wrong case', { ...good, usertimeout: 5_000 }, 'usertimeout', /; did you mean userTimeout\?$/],
  ['a field of many lines', { ...good, ['\n'.repeat(500)]: 1 }, '\n'.repeat(500), /^.{1,200}$/],
  ['a field without a name', { ...good, '': 1 }, '', /^'' is not a field of a profile \([^)]*\)$/],
  ["Node's enable", { ...good, enable: true }, 'enable', /known: initialDelay, interval, count, userTimeout\)$/],
];

void t.test('every bad profile is an error that names field, value and range, and changes nothing', async (t) => {
  const { accepted } = await tcpPair(t);
  applyKeepalive(accepted, profile);
  const before = held(accepted);
  for (const [name, bad, field, message] of badProfiles) {
    const expected = { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_PROFILE', field, message };
    t.throws(() => defineProfile(bad as KeepaliveProfile), expected, `defineProfile: ${name}`);
    t.throws(() => applyKeepalive(accepted, bad as KeepaliveProfile), expected, `applyKeepalive: ${name}`);
    t.strictSame(held(accepted), before, `nothing changed: ${name}`);
  }
});

void t.test('a value that throws when it is shown', async (t) => {
  const thrower = Object.defineProperty({}, Symbol.toStringTag, {
    get() {
      throw new Error('shown');
    },
  });
  const expected = { code: 'ERR_KEEPALIVE_PROFILE', field: 'count', message: /a value of type object/ };
  t.throws(() => defineProfile({ ...good, count: thrower as never }), expected);
});

void t.test('what is not an object is ERR_INVALID_ARG_TYPE', async (t) => {
  const { accepted } = await tcpPair(t);
  const before = held(accepted);
  for (const value of [undefined, null, true, 30_000, '30s', Symbol('s'), () => good, [30_000, 5_000, 3]]) {
    const expected = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: /"profile" argument/ };
    t.throws(() => defineProfile(value as never), expected);
    t.throws(() => applyKeepalive(accepted, value as never), expected);
  }
  t.strictSame(held(accepted), before);
});

void t.test('defineProfile returns a frozen copy', async (t) => {
  const mine = { ...good, userTimeout: 'match' as const };
  const defined = defineProfile(mine);
  t.strictSame(defined, mine);
  t.not(defined, mine);
  t.ok(Object.isFrozen(defined));
  t.strictSame(Object.keys(defineProfile({ ...good, userTimeout: undefined })), ['initialDelay', 'interval', 'count']);
  t.strictSame(defineProfile(defined), defined);
});

void t.test('a profile that was changed after its first use is checked again', async (t) => {
  const { accepted } = await tcpPair(t);
  const mine: { initialDelay: number; interval: number; count: number; userTimeout?: number } = { ...good };
  applyKeepalive(accepted, mine);
  mine.count = 9;
  applyKeepalive(accepted, mine);
  t.equal(held(accepted)[3], 9);
  mine.initialDelay = 31_000;
  applyKeepalive(accepted, mine);
  t.equal(held(accepted)[1], 31);
  mine.userTimeout = 90_000;
  applyKeepalive(accepted, mine);
  t.equal(held(accepted)[4], 90_000);
  Object.assign(mine, { userTimout: 45_000 });
  t.throws(() => applyKeepalive(accepted, mine), { code: 'ERR_KEEPALIVE_PROFILE', field: 'userTimout' });
  mine.interval = 3;
  t.throws(() => applyKeepalive(accepted, mine), { code: 'ERR_KEEPALIVE_PROFILE' });
  t.strictSame(held(accepted), [1, 31, 5, 9, 90_000]);
});

void t.test(
  'both ends of every range reach the kernel',
  { skip: process.platform !== 'linux' && 'Linux ranges' },
  async (t) => {
    const { limits } = keepaliveSupport;
    const { put, server } = await holder(t);
    const seconds = [limits.initialDelay, limits.interval].flatMap(({ min, max }) => [min, max]);
    t.strictSame(seconds, [1_000, 32_767_000, 1_000, 32_767_000]);
    const longest = { initialDelay: 32_767_000, interval: 32_767_000, count: 127, userTimeout: 2_147_483_647 };
    t.strictSame(put(longest), [1, 32_767, 32_767, 127, 2_147_483_647]);
    t.strictSame(readKeepalive(server), { enabled: true, ...longest });
    const shortest = { initialDelay: 1_000, interval: 1_000, count: 1, userTimeout: 1_000 };
    t.strictSame(put(shortest), [1, 1, 1, 1, 1_000]);
    t.strictSame(readKeepalive(server), { enabled: true, ...shortest });
  },
);

const linuxOnly = { skip: process.platform !== 'linux' && 'Linux formulas' };
/** What the kernel can hold. */
const longestUserTimeout = 2_147_483_647;

/** [delay, interval, count in seconds, 'match' in milliseconds, why]. */
const matches: [number, number, number, number, string][] = [
  [30, 5, 3, 45_000, 'what the count takes: 32.048 + 2 * 5.256 is less, at 250 Hz'],
  [33, 1, 3, 39_474, 'at 1000 Hz the first probe takes 37.096 s, and each of the others 1.064 s'],
  [1, 20, 3, 66_394, 'the first probe too can take an interval: three times 22.048, at 250 Hz, and 0.25'],
  [20, 20, 12, 264_826, 'intervals are rounded too: twelve times 22.048, and 0.25'],
  [1, 1, 1, 2_000, 'a single probe'],
  [1, 15_860, 127, 2_147_389_402, 'the longest that the kernel can hold'],
];

void t.test("'match', computed by hand", linuxOnly, async (t) => {
  const { put } = await holder(t);
  for (const [initialDelay, interval, count, userTimeout, why] of matches) {
    const timing = { initialDelay: initialDelay * 1_000, interval: interval * 1_000, count };
    t.strictSame(put({ ...timing, userTimeout: 'match' }), [1, initialDelay, interval, count, userTimeout], why);
  }
  t.throws(() => defineProfile({ initialDelay: 1_000, interval: 15_861_000, count: 127, userTimeout: 'match' }), {
    field: 'userTimeout',
    message: /2147516402 .* more than the 2147483647/,
  });
});

void t.test("'match' lets the count decide, at every clock rate", linuxOnly, async (t) => {
  const { put } = await holder(t);
  const time = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 32_767 }));
  const count = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 127 }));
  const property = fc.property(time, time, count, (delay, interval, probes) => {
    const timing = { initialDelay: delay * 1_000, interval: interval * 1_000, count: probes };
    if (match(timing) > longestUserTimeout) return;
    const userTimeout = put({ ...timing, userTimeout: 'match' })[4]!;
    if (userTimeout !== match(timing)) throw new Error(`${userTimeout}`);
    if (userTimeout <= latestProbe(timing, probes)) throw new Error(`${userTimeout}: not the last probe`);
    const byCount = latestVerdict(timing, 0);
    const rounding = latestTimer(timing.interval) - timing.interval;
    if (latestVerdict(timing, userTimeout) > byCount + rounding + 250) throw new Error(`${userTimeout}: too late`);
  });
  fc.assert(property, { numRuns: 2_000 });
});
