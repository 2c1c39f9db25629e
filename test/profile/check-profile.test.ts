import t from 'tap';
import { checkProfile, profiles, type KeepalivePath, type ProfileFindingCode } from 'tcp-keepalive';
import { coarsestStep, probesInOneTick } from '../../dist/profile/kernel-timers.js';

const times = { initialDelay: 30_000, interval: 5_000, count: 3 };

/** [profile, path, what is found, a number that must be in the last message] */
const cases: [typeof times & { userTimeout?: number | 'match' }, KeepalivePath, ProfileFindingCode[], RegExp][] = [
  [times, {}, ['NO_USER_TIMEOUT'], /after 45 s/],
  [{ ...times, userTimeout: 0 }, {}, ['NO_USER_TIMEOUT'], /15 minutes/],
  [{ ...times, userTimeout: 'match' }, {}, ['SLOW_CONSUMERS_MAY_END'], /for 45 s/],
  [{ ...times, userTimeout: 40_001 }, {}, ['SLOW_CONSUMERS_MAY_END'], /for 40.001 s/],
  [{ ...times, userTimeout: 40_000 }, {}, ['SLOW_CONSUMERS_MAY_END', 'COUNT_IS_IGNORED'], /40 s takes .* count of 3/],
  [
    { ...times, userTimeout: 39_999 },
    {},
    ['SLOW_CONSUMERS_MAY_END', 'ONE_LOST_PROBE_KILLS', 'COUNT_IS_IGNORED'],
    /39.999 s takes/,
  ],
  [{ ...times, userTimeout: 45_001 }, {}, ['SLOW_CONSUMERS_MAY_END', 'COUNT_IS_IGNORED'], /count of 3, .* after 45 s/],
  [
    { ...times, count: 1, userTimeout: 'match' },
    {},
    ['SLOW_CONSUMERS_MAY_END', 'ONE_LOST_PROBE_KILLS'],
    /at least 40 s/,
  ],
  [{ ...times, interval: 31_000 }, {}, ['NO_USER_TIMEOUT', 'INTERVAL_ABOVE_INITIAL_DELAY'], /31 s above .* 30 s/],
  [
    times,
    { idleTimeout: 32_048 },
    ['NO_USER_TIMEOUT', 'IDLE_TIMEOUT_TOO_SHORT'],
    /after 32.048 s, .* after 30 s, .* up to 32.048 s,/,
  ],
  [times, { idleTimeout: 32_049 }, ['NO_USER_TIMEOUT'], /./],
  [
    { ...times, interval: 300_000 },
    { idleTimeout: 240_000 },
    ['NO_USER_TIMEOUT', 'INTERVAL_ABOVE_INITIAL_DELAY', 'IDLE_TIMEOUT_TOO_SHORT'],
    /before a probe after 300 s/,
  ],
  [{ ...times, count: 10, userTimeout: 75_001 }, {}, ['SLOW_CONSUMERS_MAY_END'], /./],
  [
    { ...times, count: 10, userTimeout: 75_000 },
    {},
    ['SLOW_CONSUMERS_MAY_END', 'COUNT_IS_IGNORED'],
    /75 s takes the place of the count of 10, .* after 80 s/,
  ],
  [times, { connections: 20_000 }, ['NO_USER_TIMEOUT', 'PROBES_OVERFLOW_BACKLOG'], /20000 connections up to 1366 /],
  [times, { connections: 14_000 }, ['NO_USER_TIMEOUT'], /./],
  [
    times,
    { heartbeat: 30_000 },
    ['NO_USER_TIMEOUT', 'HEARTBEAT_REPLACES_PROBES'],
    /after 30 s .* of 30 s anew.* nothing/,
  ],
  [
    { ...times, userTimeout: 'match' },
    { heartbeat: 20_000, connections: 20_000, idleTimeout: 25_000 },
    ['SLOW_CONSUMERS_MAY_END', 'HEARTBEAT_REPLACES_PROBES'],
    /user timeout after 45 s/,
  ],
  [
    times,
    { heartbeat: 25_000, idleTimeout: 25_000 },
    ['NO_USER_TIMEOUT', 'IDLE_TIMEOUT_TOO_SHORT', 'HEARTBEAT_REPLACES_PROBES'],
    /./,
  ],
  [times, { heartbeat: 40_001 }, ['NO_USER_TIMEOUT', 'HEARTBEAT_OUT_OF_STEP'], /2 times in 40.001 s/],
  [times, { heartbeat: 40_000 }, ['NO_USER_TIMEOUT'], /./],
  [times, { heartbeat: 60_000 }, ['NO_USER_TIMEOUT'], /./],
];

void t.test('each finding, at its limit', async (t) => {
  for (const [profile, path, codes, message] of cases) {
    const findings = checkProfile(profile, path);
    const name = `${JSON.stringify(profile)} ${JSON.stringify(path)}`;
    t.strictSame(
      findings.map(({ code }) => code),
      codes,
      name,
    );
    t.match(findings.at(-1)?.message, message, name);
    for (const finding of findings) t.match(finding.message, /^[^.]*(\.\w[^.]*)*\.$/, 'one sentence');
  }
});

void t.test('the named profiles have nothing but their user timeout to say', async (t) => {
  for (const profile of Object.values(profiles)) {
    t.match(checkProfile(profile, { connections: 5_000 }), [{ code: 'SLOW_CONSUMERS_MAY_END' }]);
    t.equal(checkProfile(profile).length, 1);
  }
  t.match(checkProfile(profiles.cloudLoadBalancer, { idleTimeout: 4 * 60_000 }), [{ code: 'SLOW_CONSUMERS_MAY_END' }]);
});

void t.test('bad arguments', async (t) => {
  t.throws(() => checkProfile({ ...times, count: 0 }), { code: 'ERR_KEEPALIVE_PROFILE', field: 'count' });
  t.throws(() => checkProfile(times, null as never), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => checkProfile(times, { connections: '5' as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => checkProfile(times, { idleTimeout: -1 }), { code: 'ERR_OUT_OF_RANGE', message: /path.idleTimeout/ });
  t.throws(() => checkProfile(times, { heartbeat: Infinity }), { code: 'ERR_OUT_OF_RANGE', message: /path.heartbeat/ });
  t.throws(() => checkProfile(times, { connections: Number.NaN }), { code: 'ERR_OUT_OF_RANGE' });
});

void t.test('the steps of the timer wheel', async (t) => {
  // At 250 Hz, measured: 256 ms from 2 s, 2 s from 16 s, 16 s from 131 s; other clock rates can be coarser.
  t.equal(coarsestStep(17_000), 2_048);
  t.equal(coarsestStep(30_000), 2_048);
  t.equal(coarsestStep(240_000), 16_384);
  for (let seconds = 1; seconds <= 32_767; seconds += 7) {
    const share = coarsestStep(seconds * 1_000) / (seconds * 1_000);
    if (share > 8 / 63 || share < 1 / 63) t.fail(`${seconds} s: ${share}`);
  }
  t.equal(probesInOneTick(500, 30_000), 35);
});
