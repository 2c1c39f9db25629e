import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { checkProfile, paths, planKeepalive, profiles, type PathName } from 'tcp-keepalive';

const names = Object.keys(paths) as PathName[];
const ofProxies = names.filter((name) => !paths[name].probesCount);
const ofOthers = names.filter((name) => paths[name].probesCount);
const transparent = names.filter((name) => !paths[name].endsTcp);
const matched = { initialDelay: 30_000, interval: 5_000, count: 3, userTimeout: 'match' } as const;
/** What is worth knowing of a profile that is right for the path. */
const notes = (name: PathName) => [
  'note SLOW_CONSUMERS_MAY_END',
  ...(paths[name].endsTcp ? ['note PROXY_ANSWERS_PROBES'] : []),
];
const codes = (...args: Parameters<typeof checkProfile>) =>
  checkProfile(...args).map(({ code, severity }) => `${severity} ${code}`);

void t.test('the table is frozen, and each number has a source and a date', async (t) => {
  t.ok(Object.isFrozen(paths));
  for (const [name, entry] of Object.entries(paths)) {
    t.ok(Object.isFrozen(entry), name);
    t.match(entry, { source: /^https:\/\//, asOf: /^20\d\d-\d\d$/ }, name);
    t.ok(Number.isInteger(entry.idleTimeout / 1_000), name);
  }
  t.strictSame(ofProxies, ['aws-alb', 'cloudflare', 'nginx']);
  t.strictSame(
    names.filter((name) => paths[name].endsTcp),
    ['aws-nlb-tls', ...ofProxies],
  );
});

void t.test('checkProfile: the idle timeout of a path by its name', async (t) => {
  const slow = { ...matched, initialDelay: 350_000 };
  t.strictSame(codes(slow, { path: 'aws-nlb' }), ['note SLOW_CONSUMERS_MAY_END', 'danger IDLE_TIMEOUT_TOO_SHORT']);
  t.strictSame(
    codes(slow, { path: 'aws-nlb', idleTimeout: 6_000_000 }),
    ['note SLOW_CONSUMERS_MAY_END'],
    'one that was set',
  );
  for (const name of transparent) {
    t.strictSame(
      checkProfile(slow, { path: name }),
      checkProfile(slow, { idleTimeout: paths[name].idleTimeout }),
      name,
    );
  }
});

void t.test('checkProfile: probes do not keep a path open that ends TCP', async (t) => {
  for (const name of ofProxies) {
    const { idleTimeout } = paths[name];
    const danger = ['note SLOW_CONSUMERS_MAY_END', 'danger PROXY_ANSWERS_PROBES'];
    t.strictSame(codes(matched, { path: name }), danger, name);
    t.strictSame(codes(matched, { path: name, heartbeat: idleTimeout }), [...danger, ...outOfStep(idleTimeout)], name);
    t.equal(codes(matched, { path: name, heartbeat: idleTimeout - 1 })[1], 'note PROXY_ANSWERS_PROBES', name);
    t.match(checkProfile(matched, { path: name })[1]?.message, `a heartbeat of less than ${idleTimeout / 1_000} s`);
    t.match(checkProfile(matched, { path: name, idleTimeout: 7_000 })[1]?.message, 'of less than 7 s');
  }
});

void t.test('checkProfile: answered probes of a TLS listener tell nothing about the peer behind it', async (t) => {
  const path = 'aws-nlb-tls';
  const note = ['note SLOW_CONSUMERS_MAY_END', 'note PROXY_ANSWERS_PROBES'];
  t.strictSame(codes(matched, { path }), note);
  t.strictSame(codes({ ...matched, initialDelay: 350_000 }, { path }), [
    'note SLOW_CONSUMERS_MAY_END',
    'danger IDLE_TIMEOUT_TOO_SHORT',
    'note PROXY_ANSWERS_PROBES',
  ]);
  const { message } = checkProfile(matched, { path })[1]!;
  t.match(message, /ends TCP: it answers the probes for a peer that may have vanished behind it\.$/);
});

function outOfStep(heartbeat: number): string[] {
  return heartbeat % matched.initialDelay > 10_000 ? ['note HEARTBEAT_OUT_OF_STEP'] : [];
}

void t.test('planKeepalive: the plan for a path has no danger and no warning on it', async (t) => {
  const detectWithin = 1_200_000;
  for (const name of ofOthers) {
    const plan = planKeepalive({ detectWithin, path: name });
    t.strictSame(plan, planKeepalive({ detectWithin, idleTimeout: paths[name].idleTimeout }), name);
    t.strictSame(codes(plan, { path: name }), notes(name), name);
  }
  const [plan, set] = [{}, { idleTimeout: 60_000 }].map((more) =>
    planKeepalive({ detectWithin, path: 'aws-nlb', ...more }),
  );
  t.ok(set!.initialDelay < 60_000 && plan!.initialDelay > 250_000, 'an idleTimeout that was set');
});

void t.test('planKeepalive: a path that ends TCP needs a heartbeat', async (t) => {
  for (const name of ofProxies) {
    const { idleTimeout } = paths[name];
    const conflict = {
      code: 'ERR_KEEPALIVE_PLAN',
      message: `path '${name}' and its idleTimeout ${idleTimeout} exclude`,
    };
    t.throws(() => planKeepalive({ detectWithin: 600_000, path: name }), conflict);
    t.throws(() => planKeepalive({ detectWithin: 600_000, path: name, heartbeat: idleTimeout }), conflict);
    const plan = planKeepalive({ detectWithin: 600_000, path: name, heartbeat: idleTimeout - 1_000 });
    t.strictSame(plan, planKeepalive({ detectWithin: 600_000 }), 'the heartbeat keeps the path open');
  }
});

void t.test('unknown names', async (t) => {
  const code = 'ERR_INVALID_ARG_TYPE';
  for (const name of ['aws', 'toString', null, 5]) {
    const wrong = { path: name as never };
    t.throws(() => checkProfile(matched, wrong), { code, message: /"path\.path" .*one of aws-nlb, / });
    t.throws(() => planKeepalive({ detectWithin: 60_000, ...wrong }), { code, message: /"constraints\.path"/ });
  }
  t.throws(() => checkProfile(matched, { idleTimout: 1 } as never), {
    code,
    message: /"path\.idleTimout" .*idleTimeout/,
  });
});

void t.test('the named profile for a path has no danger and no warning on it', async (t) => {
  for (const name of names) {
    const { profile, probesCount } = paths[name];
    t.equal(profile === null, !probesCount, name);
    if (profile !== null) t.strictSame(codes(profiles[profile], { path: name }), notes(name), name);
  }
});

const after = { silent: 'packets vanish', reset: 'RST', close: 'closes' };

void t.test('docs/profiles.md has the same table', async (t) => {
  const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'profiles.md'), 'utf8').replaceAll(/ +/g, ' ');
  for (const name of names) {
    const { idleTimeout, afterwards, probesCount, profile, source, asOf } = paths[name];
    const time = `${(idleTimeout / 1_000).toLocaleString('en')} s`;
    const remedy = probesCount ? `\`${profile}\`` : `heartbeat below ${idleTimeout / 1_000} s`;
    const counts = probesCount ? 'yes' : '**no**';
    t.match(page, `| \`${name}\` | ${time} | ${after[afterwards]} | ${counts} | ${remedy} | [${asOf}](${source}) |`);
  }
});
