import fc, { type Arbitrary } from 'fast-check';
import t from 'tap';
import {
  checkProfile,
  detectionTime,
  keepaliveSupport,
  profiles,
  type KeepaliveError,
  type KeepaliveProfile,
  planKeepalive,
  type KeepaliveConstraints,
} from 'tcp-keepalive';
import { latestProbe, latestTimer, latestVerdict, latestWriteVerdict, match } from '../support/timer-wheel';

const second = 1_000;
const { limits } = keepaliveSupport;
const longestUserTimeout = 2_147_483_647;
const edgeLost = [1, 2, 3, 7, 8, 100, 125, 126];
const shortest = 5 * second;
const linuxOnly = { skip: process.platform !== 'linux' && 'Linux formulas' };

function seconds(initialDelay: number, interval: number, count: number) {
  const times = { initialDelay: initialDelay * second, interval: interval * second, count };
  return { ...times, userTimeout: 'match' as const };
}

/** How late a vanished peer is noticed at the latest, by the timer wheel and not by the code under test. */
function bound(profile: KeepaliveProfile, { writes = 'any' }: KeepaliveConstraints): number {
  const userTimeout = match(profile);
  const idle = latestVerdict(profile, userTimeout);
  return writes === 'any' ? idle + latestWriteVerdict(userTimeout) : idle;
}

function isKeptOpen(profile: KeepaliveProfile, { idleTimeout = Infinity, heartbeat }: KeepaliveConstraints): boolean {
  return Math.min(latestTimer(profile.initialDelay), heartbeat ?? Infinity) < idleTimeout;
}

/** Does this profile meet all that was asked? Independent of how the plan was found. */
function meets(profile: KeepaliveProfile, constraints: KeepaliveConstraints): boolean {
  const { initialDelay, interval, count } = profile;
  const { detectWithin, tolerateLost = 2 } = constraints;
  if (initialDelay < shortest || initialDelay > limits.initialDelay.max) return false;
  if (interval < shortest || interval > initialDelay) return false;
  if (count > limits.count.max || count <= tolerateLost) return false;
  if (match(profile) > longestUserTimeout) return false;
  return isKeptOpen(profile, constraints) && bound(profile, constraints) <= detectWithin;
}

/** Nothing that would be quieter meets it: neither fewer probes, nor a longer interval, nor any with a longer delay. */
function isQuietest(plan: KeepaliveProfile, constraints: KeepaliveConstraints): boolean {
  if (meets({ ...plan, count: plan.count - 1 }, constraints) || intervalFits(plan, constraints)) return false;
  for (let longer = plan.initialDelay + second; longer < constraints.detectWithin; longer += second) {
    for (let { count } = plan; count <= limits.count.max; count += 1) {
      const busiest = { ...plan, initialDelay: longer, interval: shortest - second, count };
      if (latestProbe(busiest, count) > constraints.detectWithin) break;
      if (intervalFits(busiest, constraints)) return false;
    }
  }
  return true;
}

/** With any interval above the profile's. */
function intervalFits(profile: KeepaliveProfile, constraints: KeepaliveConstraints, atMost = Infinity): boolean {
  const { initialDelay, count } = profile;
  const longest = Math.min(initialDelay, (constraints.detectWithin - initialDelay) / count, profile.interval + atMost);
  for (let interval = profile.interval + second; interval <= longest; interval += second) {
    if (meets({ ...profile, interval }, constraints)) return true;
  }
  return false;
}

function planned(constraints: KeepaliveConstraints): KeepaliveProfile | KeepaliveError {
  try {
    return planKeepalive(constraints);
  } catch (error) {
    return error as KeepaliveError;
  }
}

/** Why a plan, or the refusal of one, is wrong; undefined when it is right. */
function problem(constraints: KeepaliveConstraints, quietest: (plan: KeepaliveProfile) => boolean): string | undefined {
  const { idleTimeout, heartbeat, tolerateLost = 2 } = constraints;
  const plan = planned(constraints);
  const possible = meets(seconds(5, 5, tolerateLost + 1), constraints);
  if (plan instanceof Error) {
    if (possible) return `refused: ${plan.message}`;
    return plan.code === 'ERR_KEEPALIVE_PLAN' ? undefined : `failed: ${plan.message}`;
  }
  const shown = JSON.stringify(plan);
  if (!possible) return `not refused: ${shown}`;
  if (!Object.isFrozen(plan) || plan.userTimeout !== 'match' || plan.count !== tolerateLost + 1) return shown;
  if (!meets(plan, constraints)) return `does not meet it: ${shown}`;
  if (match(plan) <= latestProbe(plan, tolerateLost + 1)) return `ends a live connection: ${shown}`;
  const findings = checkProfile(plan, { idleTimeout, heartbeat }).filter(({ severity }) => severity !== 'note');
  if (findings.length > 0) return `${findings[0]!.message} ${shown}`;
  return quietest(plan) ? undefined : `a quieter one does too: ${shown}`;
}

void t.test('plans', linuxOnly, async (t) => {
  const cases: [KeepaliveConstraints, KeepaliveProfile][] = [
    // Of presence: 32.048 + 3 * 5.256 s, and after a write 49.116 s more (test/profile/detection.test.ts).
    [{ detectWithin: 96_932 }, profiles.presence],
    [{ detectWithin: 96_931 }, seconds(29, 5, 3)],
    [{ detectWithin: 47_816, writes: 'never' }, profiles.presence],
    [{ detectWithin: 47_815, writes: 'never' }, seconds(29, 5, 3)],
    [{ detectWithin: 32_347, writes: 'monitored' }, profiles.dataCenter],
    [{ detectWithin: 32_346, writes: 'monitored' }, seconds(14, 5, 3)],
    [{ detectWithin: 96_932, writes: 'any', heartbeat: 60_000 }, profiles.presence],
    // 4 * 5.512 s, and 22.81 s after a write.
    [{ detectWithin: 44_858 }, seconds(5, 5, 3)],
    [{ detectWithin: 22_048, writes: 'never' }, seconds(5, 5, 3)],
    // 240 s can become 256.384 s, at 250 Hz, and 5 s 5.512 s, at 1000 Hz.
    [{ detectWithin: 650_000, idleTimeout: 256_384 }, seconds(239, 22, 3)],
    [{ detectWithin: 650_000, idleTimeout: 256_385 }, seconds(240, 21, 3)],
    [{ detectWithin: 60_000, idleTimeout: 5_513 }, seconds(5, 5, 3)],
    [{ detectWithin: 60_000, idleTimeout: 5_513, heartbeat: 5_512 }, seconds(12, 5, 3)],
    [{ detectWithin: 60_000, idleTimeout: 5_513, heartbeat: 5_513 }, seconds(5, 5, 3)],
    // 868 s / 55 s / 2 takes up to 1 094.304 s and 868 s / 56 s / 2 only 1 092.891 s, so 54 and 56 fit.
    [{ detectWithin: 1_092_891, idleTimeout: 977_228, tolerateLost: 1, writes: 'never' }, seconds(868, 56, 2)],
  ];
  for (const [constraints, profile] of cases) {
    t.strictSame(planKeepalive(constraints), { ...profile }, JSON.stringify(constraints));
  }
});

void t.test('every small plan, against every profile that could be quieter', linuxOnly, async (t) => {
  const paths = [undefined, 5_512, 5_513, 20_500].map((idleTimeout) => ({ idleTimeout }));
  for (const [writes, most, step] of [['any', 110, 2] as const, ['never', 60, 1] as const]) {
    for (let within = 2; within <= most; within += step) {
      for (const tolerateLost of [1, 2, 5]) {
        for (const path of paths) {
          const constraints = { detectWithin: within * second, tolerateLost, writes, ...path };
          const wrong = problem(constraints, (plan) => isQuietest(plan, constraints));
          if (wrong !== undefined) t.fail(`${JSON.stringify(constraints)}: ${wrong}`);
        }
      }
    }
  }
});

/** Whole milliseconds, spread over their orders of magnitude; half of them a millisecond beyond a second. */
function times(from: number, to: number): Arbitrary<number> {
  const powers = fc.integer({ min: 0, max: 1e6 }).map((power) => from * (to / from) ** (power / 1e6));
  return fc.oneof(
    powers.map((time) => Math.round(time)),
    powers.map((time) => Math.round(time / second) * second + 1),
  );
}

function orAbsent<T>(arbitrary: Arbitrary<T>): Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

const writes = fc.constantFrom<KeepaliveConstraints['writes'][]>(undefined, 'any', 'never', 'monitored');
const anyConstraints = fc
  .record({
    detectWithin: times(100, 1e11),
    idleTimeout: orAbsent(times(100, 1e9)),
    heartbeat: orAbsent(times(100, 1e9)),
    tolerateLost: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 126 })),
    writes,
  })
  .filter(({ writes, heartbeat }) => writes !== 'never' || heartbeat === undefined);

void t.test('thousands of plans over the whole range', linuxOnly, async (t) => {
  let possible = 0;
  const property = fc.property(anyConstraints, (asked) => {
    const wrong = problem(asked, (plan) => {
      possible += 1;
      const longer = { ...plan, initialDelay: plan.initialDelay + second, interval: shortest };
      return !meets(longer, asked) && !intervalFits(plan, asked, 100 * second);
    });
    if (wrong !== undefined) throw new Error(wrong);
  });
  fc.assert(property, { numRuns: 4_000 });
  t.ok(possible > 1_000, `${possible} of 4 000 are possible`);
});

void t.test('a hundred plans, against every profile that could be quieter', linuxOnly, async () => {
  const constraints = fc.record({
    detectWithin: times(20_000, 400_000),
    idleTimeout: orAbsent(times(5_001, 200_100)),
    tolerateLost: fc.integer({ min: 1, max: 6 }),
    writes,
  });
  const property = fc.property(constraints, (asked) => {
    const wrong = problem(asked, (plan) => isQuietest(plan, asked));
    if (wrong !== undefined) throw new Error(wrong);
  });
  fc.assert(property, { numRuns: 100 });
});

void t.test('weaker constraints never give a busier plan', async () => {
  const property = fc.property(anyConstraints, fc.double({ min: 1, max: 3, noNaN: true }), (asked, factor) => {
    const plan = planned(asked);
    if (plan instanceof Error) return;
    const { detectWithin, idleTimeout = Infinity, tolerateLost } = asked;
    const less: KeepaliveConstraints[] = [
      { ...asked, detectWithin: detectWithin * factor },
      { ...asked, idleTimeout: idleTimeout === Infinity ? undefined : idleTimeout * factor },
      { ...asked, idleTimeout: undefined },
      { ...asked, tolerateLost: Math.max(1, tolerateLost - 1) },
      { ...asked, writes: 'monitored' },
    ];
    for (const constraints of less) {
      const { initialDelay } = planKeepalive(constraints);
      if (initialDelay < plan.initialDelay) throw new Error(`${initialDelay} with ${JSON.stringify(constraints)}`);
    }
  });
  fc.assert(property, { numRuns: 1_000 });
});

void t.test('what is written to a silent peer', async (t) => {
  const detectWithin = 300_000;
  const plan = planKeepalive({ detectWithin });
  t.strictSame(planKeepalive({ detectWithin, writes: 'any' }), plan, 'by default anything');
  const { idle, atMost } = detectionTime(plan);
  t.ok((atMost ?? idle) <= detectWithin);
  for (const writes of ['never', 'monitored'] as const) {
    const quieter = planKeepalive({ detectWithin, writes });
    t.ok(detectionTime(quieter).idle <= detectWithin);
    t.ok(quieter.initialDelay >= plan.initialDelay * 2, `${writes}: half as busy`);
  }
  t.throws(() => planKeepalive({ detectWithin, writes: 'never', heartbeat: 30_000 }), {
    code: 'ERR_KEEPALIVE_PLAN',
    message: "writes 'never' and heartbeat 30000 exclude each other: a heartbeat writes. Leave out one of them",
  });
});

void t.test('the edges of the range', linuxOnly, async (t) => {
  const times = [shortest, 44_858, 240_000, limits.initialDelay.max, longestUserTimeout, Number.MAX_SAFE_INTEGER];
  const around = times.flatMap((time) => [time - second, time - 1, time, time + 1, time + second]);
  for (const detectWithin of [...around, Number.MIN_VALUE, Number.MAX_VALUE]) {
    for (const idleTimeout of [undefined, ...around, Number.MIN_VALUE, Number.MAX_VALUE]) {
      for (const tolerateLost of edgeLost) {
        const constraints = { detectWithin, idleTimeout, tolerateLost };
        const wrong = problem(constraints, (plan) => !intervalFits(plan, constraints, 10 * second));
        if (wrong !== undefined) t.fail(`${JSON.stringify(constraints)}: ${wrong}`);
      }
    }
  }
  t.strictSame(planKeepalive({ detectWithin: Number.MAX_VALUE }), { ...seconds(32_767, 32_767, 3) });
  const longest = planKeepalive({ detectWithin: 1e12, tolerateLost: 126 });
  t.equal(longest.initialDelay, 32_767_000);
  t.ok(match(longest) <= longestUserTimeout, 'as much as the kernel can hold');
  t.ok(match({ ...longest, interval: longest.interval + second }) > longestUserTimeout);
});

void t.test('constraints that cannot both be met', linuxOnly, async (t) => {
  const monitor = '(a LivenessMonitor with destroyAfter, whose bound writes do not move)';
  const cases: [KeepaliveConstraints, string][] = [
    [
      { detectWithin: 3_000, tolerateLost: 5 },
      // 7 * 5.512 s, and twice 1.032 s, 35 s, 2.048 s of a timer of 18.5 s, and a tick, at 250 Hz
      `detectWithin 3000 and tolerateLost 5 need at least 77700 (initialDelay and interval 5000, a write just before the verdict): 74700 more, or writes: 'monitored' and a detectWithin of 38584 ${monitor}`,
    ],
    [
      { detectWithin: 44_857 },
      `detectWithin 44857 and tolerateLost 2 need at least 44858 (initialDelay and interval 5000, a write just before the verdict): 1 more, or a tolerateLost of 1, or writes: 'monitored' ${monitor}`,
    ],
    [
      { detectWithin: 22_047, writes: 'never' },
      'detectWithin 22047 and tolerateLost 2 need at least 22048 (initialDelay and interval 5000): 1 more, or a tolerateLost of 1',
    ],
    [
      { detectWithin: 10_000, writes: 'monitored' },
      'detectWithin 10000 and tolerateLost 2 need at least 22048 (initialDelay and interval 5000): 12048 more',
    ],
    [
      { detectWithin: 60_000, idleTimeout: 5_000 },
      'idleTimeout 5000 and the shortest initialDelay of 5000, which may come after 5512, need at least 5513: 513 more',
    ],
  ];
  for (const [constraints, message] of cases) {
    t.throws(() => planKeepalive(constraints), { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_PLAN', message });
  }
});

void t.test('the numbers in the message of a conflict are right', async (t) => {
  for (let within = 1; within < 1_500; within += 7) {
    for (const tolerateLost of edgeLost) {
      for (const writes of ['any', 'never'] as const) {
        const constraints = { detectWithin: within * second, tolerateLost, writes };
        const plan = planned(constraints);
        if (!(plan instanceof Error)) continue;
        const wrong = wrongAbout(plan.message, constraints);
        if (wrong !== undefined) t.fail(`${wrong}: ${plan.message}`);
      }
    }
  }
});

/** With that much, with that tolerateLost, or with that monitor there is a plan, and with less there is none. */
function wrongAbout(message: string, asked: KeepaliveConstraints & { tolerateLost: number }): string | undefined {
  const isPossible = (changed: Partial<KeepaliveConstraints>) => !(planned({ ...asked, ...changed }) instanceof Error);
  const [, least = 0, more = 0] = (/need at least (\d+) .*?: (\d+) more/.exec(message) ?? []).map(Number);
  if (asked.detectWithin + more !== least) return 'the sum';
  if (!isPossible({ detectWithin: least }) || isPossible({ detectWithin: least - 1 })) return 'at least';
  const fewer = /a tolerateLost of (\d+)/.exec(message)?.[1];
  if (fewer !== undefined && !isPossible({ tolerateLost: Number(fewer) })) return 'tolerateLost';
  if (isPossible({ tolerateLost: Number(fewer ?? 0) + 1 })) return 'a larger tolerateLost';
  const [monitor, enough = asked.detectWithin] =
    /writes: 'monitored'(?: and a detectWithin of (\d+))?/.exec(message) ?? [];
  if ((monitor === undefined) !== (asked.writes === 'never')) return 'the monitor';
  const monitored = { writes: 'monitored', detectWithin: Number(enough) } as const;
  return monitor === undefined || isPossible(monitored) ? undefined : 'monitored';
}

void t.test('a heartbeat keeps the path open', async (t) => {
  const within = { detectWithin: 600_000 };
  const free = planKeepalive(within);
  const idleTimeout = 60_000;
  t.ok(free.initialDelay > idleTimeout);
  t.strictSame(planKeepalive({ ...within, idleTimeout, heartbeat: 59_999 }), free, 'below the idle timeout');
  const path = planKeepalive({ ...within, idleTimeout });
  t.strictSame(planKeepalive({ ...within, idleTimeout, heartbeat: 60_000 }), path, 'too late for it');
  t.ok(path.initialDelay < idleTimeout);
  for (const heartbeat of [1, 20_000, 59_999, 60_000, 1_000_000]) {
    const plan = planKeepalive({ ...within, idleTimeout, heartbeat });
    const findings = checkProfile(plan, { idleTimeout, heartbeat });
    t.ok(
      findings.every(({ severity }) => severity === 'note'),
      `${heartbeat}`,
    );
  }
  t.throws(() => planKeepalive({ detectWithin: 25_000, heartbeat: 0 }), {
    code: 'ERR_OUT_OF_RANGE',
    message: /heartbeat/,
  });
});

void t.test('bad arguments', async (t) => {
  const wrongType = [undefined, null, 5, 'x', [], {}, { detectWithin: '45000' }, { detectWithin: null }];
  const detectWithin = 45_000;
  const wrongOptions = [
    { detectwithin: 1 },
    { idleTimeout: '1' },
    { idleTimeout: null },
    { tolerateLost: 2n },
    { writes: 'sometimes' },
    { writes: null },
    { writes: 0 },
  ];
  for (const bad of [...wrongType, ...wrongOptions.map((option) => ({ detectWithin, ...option }))]) {
    t.throws(() => planKeepalive(bad as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => planKeepalive({ detectWithin, tolerate: 2 } as never), {
    message: /constraints\.tolerate" .*idleTimeout.*writes/,
  });
  t.throws(() => planKeepalive({ detectWithin, writes: 'some' as never }), {
    message: /constraints\.writes" .*'any' or 'never' or 'monitored'/,
  });
  for (const value of [0, -1, Number.NaN, Infinity]) {
    t.throws(() => planKeepalive({ detectWithin: value }), { code: 'ERR_OUT_OF_RANGE', message: /detectWithin/ });
    const path = { detectWithin, idleTimeout: value };
    t.throws(() => planKeepalive(path), { code: 'ERR_OUT_OF_RANGE', message: /idleTimeout/ });
  }
  for (const tolerateLost of [0, -1, 1.5, limits.count.max, Number.NaN, Infinity]) {
    t.throws(() => planKeepalive({ detectWithin, tolerateLost }), {
      code: 'ERR_OUT_OF_RANGE',
      message: /tolerateLost/,
    });
  }
  const absent = { idleTimeout: undefined, tolerateLost: undefined, heartbeat: undefined, writes: undefined };
  t.strictSame(planKeepalive({ detectWithin, ...absent }), planKeepalive({ detectWithin }), 'undefined is absent');
});
