// Where the addon cannot be loaded: importing never fails, and what needs the kernel says why at the first call.
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { checkProfile, detectionTime, keepaliveTraffic, planKeepalive } from 'tcp-keepalive';
import { application, ended, permission } from '../support/application';

const program = path.join(__dirname, 'loading', 'without-addon.js');
const node = process.execPath;

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly isByCaller: boolean;
  readonly remedies: number;
}

void t.test('prebuilds/ was deleted: what needs no kernel works, the rest throws ERR_KEEPALIVE_ADDON', async (t) => {
  const { folder, installed } = application(t, {}, { prebuilds: false });
  const copy = path.join(folder, 'app.js');
  cpSync(program, copy);
  const { stdout, stderr } = await ended(node, [copy]);
  t.equal(stderr, '');
  const { refused, support, works, untouched } = JSON.parse(stdout) as Record<string, Record<string, unknown>>;

  for (const [name, refusal] of Object.entries(refused!) as [string, Refusal][]) {
    t.match(refusal, { code: 'ERR_KEEPALIVE_ADDON', remedies: 1 }, name);
    t.match(refusal.message, `- ${path.join(installed, 'prebuilds')}`, 'what was tried');
    t.match(refusal.message, /What to do: the package has lost its folder `prebuilds`.*: install tcp-keepalive again/);
    if (name !== 'trustKernel') t.ok(refusal.isByCaller, `${name}: the stack is that of the call`);
  }
  t.ok(Object.keys(refused!).length >= 15);
  t.ok(untouched, 'no listener is left');

  const profile = { initialDelay: 30_000, interval: 5_000, count: 3, userTimeout: 'match' } as const;
  t.strictSame(support, { available: false, userTimeout: true, code: 'ERR_KEEPALIVE_ADDON' });
  t.strictSame(works, {
    detectionTime: detectionTime(profile),
    plan: { ...planKeepalive({ detectWithin: 300_000 }) },
    findings: checkProfile(profile).map((finding) => ({ ...finding })),
    traffic: keepaliveTraffic(profile).probesPerHour,
    reason: 'timed-out',
    isError: true,
    silent: 'ERR_KEEPALIVE_SILENCE',
  });
});

const asks = `
  console.log(keepaliveSupport.available);
  try {
    console.log(readSystemKeepalive().count > 0);
  } catch (error) {
    console.log(error.code, error.message.split('What to do: ')[1]);
  }`;
const required = `const { keepaliveSupport, readSystemKeepalive } = require('tcp-keepalive'); ${asks}`;
const imported = `import { keepaliveSupport, readSystemKeepalive } from 'tcp-keepalive'; ${asks}`;
const files = { 'app.js': required, 'app.mjs': imported };

void t.test('no binary for this system: compile it', async (t) => {
  const { folder, installed } = application(t, files);
  rmSync(path.join(installed, 'prebuilds', `${process.platform}-${process.arch}`), { recursive: true });
  for (const name of Object.keys(files)) {
    const { stdout } = await ended(node, [path.join(folder, name)]);
    t.match(stdout, `false\nERR_KEEPALIVE_ADDON no binary in the package fits this system: compile it`, name);
    t.match(stdout, `npm run compile --prefix ${installed}`);
  }
});

void t.test('not caught: Node prints the remedy once', async (t) => {
  const { folder } = application(
    t,
    { 'app.js': "require('tcp-keepalive').readSystemKeepalive()" },
    { prebuilds: false },
  );
  const { code, stderr } = await ended(node, [path.join(folder, 'app.js')]);
  t.equal(code, 1);
  t.equal(stderr.split('What to do').length, 2, stderr);
});

void t.test('node --no-addons', async (t) => {
  const { folder } = application(t, files);
  for (const name of Object.keys(files)) {
    const { stdout } = await ended(node, ['--no-addons', path.join(folder, name)]);
    t.match(stdout, /^false\nERR_KEEPALIVE_ADDON this Node was started with --no-addons: start it without\./, name);
  }
});

void t.test('Node’s permission model: the error says which permissions are missing', async (t) => {
  const { folder, installed } = application(t, files);
  for (const name of Object.keys(files)) {
    const app = path.join(folder, name);
    const run = (...allowed: string[]) => ended(node, [permission, ...allowed, app]);
    const all = `--allow-fs-read=${path.join(folder, '*')}`;
    const readable = [app, path.join(installed, 'package.json'), path.join(installed, 'dist', '*')];
    for (const allowed of [[all], readable.map((file) => `--allow-fs-read=${file}`)]) {
      const { stdout, stderr } = await run(...allowed);
      const [, missing] =
        /^false\nERR_KEEPALIVE_ADDON start Node with these permissions too: (.*)\n$/.exec(stdout) ?? [];
      if (missing === undefined) t.fail(`${name}: ${stdout}${stderr}`);
      else t.equal((await run(...allowed, ...missing.split(' '))).stdout, 'true\ntrue\n', `${name} with ${missing}`);
    }
  }
});

void t.test('Node before 20.16, which has no process.getBuiltinModule', async (t) => {
  const { folder } = application(t, { 'app.js': `delete process.getBuiltinModule; ${required}` });
  t.match(await ended(node, [path.join(folder, 'app.js')]), { stdout: 'true\ntrue\n', stderr: '' });
});
