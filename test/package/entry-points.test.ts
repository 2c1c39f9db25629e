import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import * as required from 'tcp-keepalive';
import * as heartbeat from 'tcp-keepalive/heartbeat';
import { publicNames } from '../support/public-api.js';
import { errorCodes } from '../../dist/util/errors.js';

const root = path.join(__dirname, '..', '..');
const text = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** [what `require` gives, what `import` gives, the source of its names] */
const entryPoints: [object, () => Promise<object>, string][] = [
  [required, () => import('tcp-keepalive'), 'src/index.ts'],
  [heartbeat, () => import('tcp-keepalive/heartbeat'), 'src/heartbeat/index.ts'],
];

void t.test('import and require export the same names, and the same one copy', async (t) => {
  for (const [byRequire, load] of entryPoints) {
    const imported = await load();
    const names = Object.keys(byRequire).sort();
    // Node's own for a CommonJS module: all of it.
    const added = new Set(['default', 'module.exports']);
    t.strictSame(
      Object.keys(imported)
        .filter((name) => !added.has(name))
        .sort(),
      names,
    );
    for (const name of names) {
      t.equal((imported as Record<string, unknown>)[name], (byRequire as Record<string, unknown>)[name], name);
    }
  }
});

void t.test('the heartbeat has no second copy of the root module', async (t) => {
  const bundle = text('dist/heartbeat/index.js');
  t.match(bundle, 'require("../index.js")');
  t.notMatch(bundle, /class \S* extends Error/);
  t.notMatch(bundle, 'node-gyp-build');
});

void t.test('the register has no copy of the root module', async (t) => {
  const bundle = text('dist/register.js');
  t.match(bundle, 'require("./index.js")');
  t.notMatch(bundle, /class /);
});

void t.test('loading the root module loads no module of Node that is not used yet', async (t) => {
  const script = `
    const asked = [];
    process.getBuiltinModule = (name) => (asked.push(name), require(name));
    const { readKeepalive } = require('tcp-keepalive');
    const atLoad = asked.splice(0);
    try { readKeepalive({}); } catch {}
    console.log(JSON.stringify({ atLoad, atUse: asked }));`;
  const told = execFileSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' });
  const { atLoad, atUse } = JSON.parse(told) as Record<string, string[]>;
  t.ok(atLoad?.includes('node:path'));
  for (const name of ['node:net', 'node:stream', 'node:os', 'node:timers/promises'])
    t.notOk(atLoad?.includes(name), name);
  t.ok(atUse?.includes('node:net'), 'it was loaded when it was used');
});

void t.test('docs/api.md has a heading for every public name', async (t) => {
  const headings = new Set([...text('docs/api.md').matchAll(/^### (\w+)/gm)].map(([, name]) => name));
  const { names } = publicNames();
  t.ok(names.length > 60);
  for (const { name } of names) t.ok(headings.has(name), name);
});

void t.test('the table of errors in docs/errors.md is the table of codes', async (t) => {
  const rows = [...text('docs/errors.md').matchAll(/^\| `(ERR_KEEPALIVE_\w+)`/gm)].map(([, code]) => code!);
  t.strictSame(rows.sort(), Object.keys(errorCodes).sort());
});

void t.test('every doc comment’s code is in the table', async (t) => {
  const sources = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const used = sources.flatMap((name) => text(path.join('src', name)).match(/ERR_KEEPALIVE_\w+/g) ?? []);
  t.ok(used.length > 10);
  for (const code of new Set(used)) t.ok(code in errorCodes, code);
});

void t.test('KeepaliveError', async (t) => {
  const cause = new Error('below');
  const error = new required.KeepaliveError('EINVAL', 'no', { option: 'TCP_KEEPCNT', errno: -22, cause });
  t.type(error, Error);
  t.match(error, { name: 'KeepaliveError', code: 'EINVAL', option: 'TCP_KEEPCNT', errno: -22, cause });
  t.notOk('field' in error, 'what does not apply is not there');
  t.notOk('cause' in new required.KeepaliveError('ERR_KEEPALIVE_CLOSED', 'closed'));
});
