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
import { coarsestStep } from '../../dist/profile/kernel-timers.js';

const second = 1_000;
const { limits } = keepaliveSupport;
const longestUserTimeout = limits.userTimeout?.max ?? Infinity;
const edgeLost = [1, 2, 3, 7, 8, 100, 125, 126];
const shortest = 5 * second;

function seconds(initialDelay: number, interval: number, count: number) {
  const times = { initialDelay: initialDelay * second, interval: interval * second, count };
  return { ...times, userTimeout: 'match' as const };
}

/** The interval's floor, as the doc comment has it. */
function leastInterval(initialDelay: number): number {
  return Math.max(5, (coarsestStep(initialDelay * second) * 4) / 3 / second);
}

/** When Linux may send the first probe. */
function latest(initialDelay: number): number {
  return initialDelay + coarsestStep(initialDelay);
}

/** Does this profile meet all that was asked? Independent of how the plan was found. */
function meets(profile: KeepaliveProfile, constraints: KeepaliveConstraints): boolean {
  const { detectWithin, idleTimeout, tolerateLost = 2 } = constraints;
  if (profile.initialDelay < second || profile.initialDelay > limits.initialDelay.max) return false;
  if (profile.interval < second || profile.interval > limits.interval.max) return false;
  if (profile.count > limits.count.max || profile.count <= tolerateLost) return false;
  if (profile.initialDelay + profile.interval * profile.count > longestUserTimeout) return false;
  if (profile.interval / second < leastInterval(profile.initialDelay / second)) return false;
  if (latest(profile.initialDelay) >= (idleTimeout ?? Infinity)) return false;
  const { idle, inFlight } = detectionTime(profile);
  if (idle > detectWithin || (inFlight ?? 0) > detectWithin) return false;
  return checkProfile(profile, { idleTimeout }).every(({ code }) => code === 'SLOW_CONSUMERS_MAY_END');
}

/** One probe to a vanished peer less, or a longer interval with as many, or, with any count, a longer delay. */
function isQuietest(plan: KeepaliveProfile, constraints: KeepaliveConstraints): boolean {
  const { initialDelay, interval, count } = plan;
  if (meets({ ...plan, count: count - 1 }, constraints)) return false;
  for (let longer = interval + second; longer <= Math.min(initialDelay, limits.interval.max); longer += second) {
    if (meets({ ...plan, interval: longer }, constraints)) return false;
    if (longer > constraints.detectWithin) break;
  }
  return !delayFits(initialDelay + second, constraints);
}

function delayFits(initialDelay: number, constraints: KeepaliveConstraints): boolean {
  const { detectWithin, tolerateLost = 2 } = constraints;
  for (let count = tolerateLost + 1; count <= limits.count.max; count += 1) {
    if (initialDelay + count * second > detectWithin) break;
    for (let interval = second; interval <= initialDelay; interval += second) {
      if (initialDelay + count * interval > detectWithin) break;
      if (meets({ initialDelay, interval, count, userTimeout: 'match' }, constraints)) return true;
    }
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
  const { detectWithin, idleTimeout = Infinity, tolerateLost = 2 } = constraints;
  const plan = planned(constraints);
  const possible = detectWithin >= shortest * (tolerateLost + 2) && idleTimeout > latest(shortest);
  if (plan instanceof Error) {
    if (possible) return `refused: ${plan.message}`;
    return plan.code === 'ERR_KEEPALIVE_PLAN' ? undefined : `failed: ${plan.message}`;
  }
  const shown = JSON.stringify(plan);
  if (!possible) return `not refused: ${shown}`;
  if (!Object.isFrozen(plan) || plan.userTimeout !== 'match' || plan.count !== tolerateLost + 1) return shown;
  if (!meets(plan, constraints)) return `does not meet it: ${shown}`;
  return quietest(plan) ? undefined : `a quieter one does too: ${shown}`;
}

void t.test('plans', async (t) => {
  const cases: [KeepaliveConstraints, KeepaliveProfile][] = [
    [{ detectWithin: 30_000 }, profiles.dataCenter],
    [{ detectWithin: 45_000 }, profiles.presence],
    [{ detectWithin: 45_999 }, profiles.presence],
    [{ detectWithin: 20_000 }, seconds(5, 5, 3)],
    [{ detectWithin: 300_000 }, seconds(234, 22, 3)],
    [{ detectWithin: 300_000, idleTimeout: 240_000 }, seconds(223, 25, 3)],
    [{ detectWithin: 300_000, idleTimeout: 200_384 }, seconds(183, 39, 3)],
    [{ detectWithin: 300_000, idleTimeout: 200_385 }, seconds(184, 38, 3)],
    [{ detectWithin: 86_400_000, idleTimeout: 240_000 }, seconds(223, 223, 3)],
    [{ detectWithin: 60_000, tolerateLost: 5 }, seconds(30, 5, 6)],
    [{ detectWithin: 60_000, idleTimeout: 5_513 }, seconds(5, 5, 3)],
  ];
  for (const [constraints, profile] of cases) {
    t.strictSame(planKeepalive(constraints), { ...profile }, JSON.stringify(constraints));
  }
});

void t.test('every small plan, against every profile that could be quieter', async (t) => {
  let checked = 0;
  for (let detectWithin = 1; detectWithin <= 90; detectWithin += 1) {
    for (const tolerateLost of [1, 2, 3, 5]) {
      for (const idleTimeout of [undefined, 1, 5, 5.001, 6, 20.5, 40, 41, 60]) {
        const constraints = {
          detectWithin: detectWithin * second,
          tolerateLost,
          idleTimeout: idleTimeout === undefined ? undefined : idleTimeout * second,
        };
        const quietest = (plan: KeepaliveProfile) => {
          if (!isQuietest(plan, constraints)) return false;
          for (let longer = plan.initialDelay; longer < constraints.detectWithin; longer += second) {
            if (delayFits(longer + second, constraints)) return false;
          }
          return true;
        };
        const wrong = problem(constraints, quietest);
        if (wrong !== undefined) t.fail(`${JSON.stringify(constraints)}: ${wrong}`);
        checked += 1;
      }
    }
  }
  t.equal(checked, 90 * 4 * 9);
});

void t.test('the interval’s floor grows with the delay, so beyond a delay that does not fit none does', async (t) => {
  for (let delay = 1; delay < limits.initialDelay.max / second; delay += 1) {
    if (leastInterval(delay + 1) < leastInterval(delay)) t.fail(`${delay} s`);
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

/** For as many constraints as given every plan, or refusal, is right. */
function rightFor(
  numRuns: number,
  constraints: Arbitrary<KeepaliveConstraints>,
  quietest: (plan: KeepaliveProfile, constraints: KeepaliveConstraints) => boolean,
): void {
  const property = fc.property(constraints, (drawn) => {
    const wrong = problem(drawn, (plan) => quietest(plan, drawn));
    if (wrong !== undefined) throw new Error(wrong);
  });
  fc.assert(property, { numRuns });
}

void t.test('thousands of plans over the whole range', async (t) => {
  const constraints = fc.record({
    detectWithin: times(100, 1e11),
    idleTimeout: fc.option(times(100, 1e9), { nil: undefined }),
    tolerateLost: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 126 })),
  });
  rightFor(6_000, constraints, (plan, asked) => {
    // Where no interval fits a longer delay, neither does the shortest that is allowed.
    const initialDelay = plan.initialDelay + second;
    const interval = Math.ceil(leastInterval(initialDelay / second)) * second;
    const longer = plan.interval + second;
    return !meets({ ...plan, initialDelay, interval }, asked) && !meets({ ...plan, interval: longer }, asked);
  });
  const possible = fc.sample(constraints, 1_000).filter((drawn) => !(planned(drawn) instanceof Error));
  t.ok(possible.length > 300, `${possible.length} of 1 000 are possible`);
});

void t.test('hundreds of plans, against their neighbours with every interval and count', async () => {
  const constraints = fc.record({
    detectWithin: times(20_000, 1_000_000),
    idleTimeout: fc.option(times(5_001, 500_100), { nil: undefined }),
    tolerateLost: fc.integer({ min: 1, max: 6 }),
  });
  rightFor(150, constraints, isQuietest);
});

void t.test('the edges of the range', { skip: process.platform !== 'linux' && 'Linux limits' }, async (t) => {
  const times = [shortest, 20_000, 240_000, limits.initialDelay.max, longestUserTimeout, Number.MAX_SAFE_INTEGER];
  const around = times.flatMap((time) => [time - second, time - 1, time, time + 1, time + second]);
  for (const detectWithin of [...around, Number.MIN_VALUE, Number.MAX_VALUE]) {
    for (const idleTimeout of [undefined, ...around, Number.MIN_VALUE, Number.MAX_VALUE]) {
      for (const tolerateLost of edgeLost) {
        const constraints = { detectWithin, idleTimeout, tolerateLost };
        const wrong = problem(
          constraints,
          (plan) => !meets({ ...plan, interval: plan.interval + second }, constraints),
        );
        if (wrong !== undefined) t.fail(`${JSON.stringify(constraints)}: ${wrong}`);
      }
    }
  }
  t.strictSame(planKeepalive({ detectWithin: Number.MAX_VALUE }), { ...seconds(32_767, 32_767, 3) });
  t.strictSame(planKeepalive({ detectWithin: 1e12, tolerateLost: 126 }), {
    ...seconds(32_767, Math.floor((2_147_483 - 32_767) / 127), 127),
  });
});

// net/ipv4/tcp_timer.c with the timer wheel of kernel/time/timer.c: no timer fires early, each as late as one step.
function fewestProbes({ initialDelay, interval, count }: KeepaliveProfile): number {
  let now = initialDelay + coarsestStep(initialDelay);
  let probes = 1;
  for (;;) {
    now += interval + coarsestStep(interval);
    if (now >= initialDelay + interval * count) return probes;
    probes += 1;
  }
}

void t.test('late timers take no probe from whoever tolerates one or two to be lost', async (t) => {
  t.equal(fewestProbes(seconds(17, 1, 3)), 1, 'the reason for the interval’s floor');
  for (const tolerateLost of [1, 2]) {
    for (let detectWithin = 20; detectWithin < 40_000; detectWithin += 1) {
      const plan = planKeepalive({ detectWithin: detectWithin * second, tolerateLost });
      if (fewestProbes(plan) <= tolerateLost) t.fail(JSON.stringify(plan));
    }
  }
  for (let tolerateLost = 3; tolerateLost <= 126; tolerateLost += 1) {
    for (let detectWithin = 5 * (tolerateLost + 2); detectWithin < 40_000; detectWithin += 101) {
      const plan = planKeepalive({ detectWithin: detectWithin * second, tolerateLost });
      if (fewestProbes(plan) < Math.floor((plan.count * 7) / 8)) t.fail(JSON.stringify(plan));
    }
  }
});

void t.test('constraints that cannot both be met', async (t) => {
  const cases: [KeepaliveConstraints, string][] = [
    [
      { detectWithin: 3_000, tolerateLost: 5 },
      'detectWithin 3000 and tolerateLost 5 need at least 35000 (an initialDelay and 6 intervals of 5000 each): 32000 more',
    ],
    [
      { detectWithin: 19_999 },
      'detectWithin 19999 and tolerateLost 2 need at least 20000 (an initialDelay and 3 intervals of 5000 each): 1 more, or a tolerateLost of 1',
    ],
    [
      { detectWithin: 60_000, idleTimeout: 5_000 },
      'idleTimeout 5000 and the shortest initialDelay of 5000, which Linux may round up to 5512, need at least 5513: 513 more',
    ],
  ];
  for (const [constraints, message] of cases) {
    t.throws(() => planKeepalive(constraints), { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_PLAN', message });
  }
  // What the message says is so: with that much, or that tolerateLost, there is a plan.
  for (let detectWithin = 1; detectWithin < 700; detectWithin += 1) {
    for (const tolerateLost of edgeLost) {
      const plan = planned({ detectWithin: detectWithin * second, tolerateLost });
      if (!(plan instanceof Error)) continue;
      const numbers = /need at least (\d+) .*: (\d+) more/.exec(plan.message) ?? [];
      const [, least = 0, more = 0] = numbers.map(Number);
      const instead = /tolerateLost of (\d+)$/.exec(plan.message)?.[1];
      const possible = planned({ detectWithin: least, tolerateLost });
      if (detectWithin * second + more !== least || possible instanceof Error) t.fail(plan.message);
      if (instead === undefined) continue;
      if (planned({ detectWithin: detectWithin * second, tolerateLost: Number(instead) }) instanceof Error) {
        t.fail(plan.message);
      }
    }
  }
});

void t.test('with a heartbeat, against every profile that could be quieter', async (t) => {
  for (let within = 1; within <= 120; within += 3) {
    for (const heartbeat of [1, 4.5, 10, 15, 30, 60, 300]) {
      for (const idleTimeout of [undefined, 4, 12, 20, 31]) {
        const constraints = {
          detectWithin: within * second,
          heartbeat: heartbeat * second,
          idleTimeout: idleTimeout === undefined ? undefined : idleTimeout * second,
        };
        const wrong = problemWithHeartbeat(constraints);
        if (wrong !== undefined) t.fail(`${JSON.stringify(constraints)}: ${wrong}`);
      }
    }
  }
});

/** A ping that is written just before the verdict puts it off by one user timeout more. */
function problemWithHeartbeat(constraints: KeepaliveConstraints & { heartbeat: number }): string | undefined {
  const { detectWithin, heartbeat, idleTimeout = Infinity } = constraints;
  const count = 3;
  const fits = (initialDelay: number, interval: number) => {
    const verdict = initialDelay + interval * count;
    const isOpen = Math.min(latest(initialDelay), heartbeat) < idleTimeout;
    return isOpen && verdict + Math.min(verdict, heartbeat) <= detectWithin;
  };
  const delayFitsHere = (initialDelay: number) => {
    if (initialDelay < shortest) return false;
    return fits(initialDelay, Math.ceil(leastInterval(initialDelay / second)) * second);
  };
  const plan = planned(constraints);
  if (plan instanceof Error) {
    if (plan.code !== 'ERR_KEEPALIVE_PLAN') return plan.message;
    return delayFitsHere(shortest) ? `refused: ${plan.message}` : undefined;
  }
  if (!fits(plan.initialDelay, plan.interval) || plan.count !== count)
    return `does not meet it: ${JSON.stringify(plan)}`;
  for (let longer = plan.initialDelay + second; longer < detectWithin; longer += second) {
    if (delayFitsHere(longer)) return `${longer} fits too: ${JSON.stringify(plan)}`;
  }
  return undefined;
}

void t.test('with a heartbeat: what is said', async (t) => {
  t.strictSame(planKeepalive({ detectWithin: 90_000, heartbeat: 30_000 }), seconds(40, 6, 3), 'no probe at all');
  t.strictSame(planKeepalive({ detectWithin: 90_000, heartbeat: 30_000, idleTimeout: 35_000 }), seconds(40, 6, 3));
  t.strictSame(planKeepalive({ detectWithin: 90_000, heartbeat: 35_000, idleTimeout: 30_000 }), seconds(27, 9, 3));
  t.throws(() => planKeepalive({ detectWithin: 25_000, heartbeat: 10_000 }), {
    code: 'ERR_KEEPALIVE_PLAN',
    message: /^detectWithin 25000 and heartbeat 10000 need at least 30000 .*: 5000 more, or a tolerateLost of 1$/,
  });
  t.throws(() => planKeepalive({ detectWithin: 25_000, heartbeat: 60_000 }), { message: /need at least 40000 / });
  t.throws(() => planKeepalive({ detectWithin: 25_000, heartbeat: 0 }), {
    code: 'ERR_OUT_OF_RANGE',
    message: /heartbeat/,
  });
});

void t.test('bad arguments', async (t) => {
  const wrongType = [undefined, null, 5, 'x', [], {}, { detectWithin: '45000' }, { detectWithin: null }];
  const detectWithin = 45_000;
  const wrongOptions = [{ detectwithin: 1 }, { idleTimeout: '1' }, { idleTimeout: null }, { tolerateLost: 2n }];
  for (const bad of [...wrongType, ...wrongOptions.map((option) => ({ detectWithin, ...option }))]) {
    t.throws(() => planKeepalive(bad as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => planKeepalive({ detectWithin, tolerate: 2 } as never), {
    message: /constraints\.tolerate" .*idleTimeout/,
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
  const absent = { detectWithin, idleTimeout: undefined, tolerateLost: undefined, heartbeat: undefined };
  t.strictSame(planKeepalive(absent), { ...profiles.presence }, 'undefined is absent');
});
