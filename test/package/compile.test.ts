// `npm run compile` in an installed package: the headers that it needs are in nobody's tree.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { application, ended } from '../support/application';

const root = path.join(__dirname, '..', '..');

void t.test('the package has no dependencies', async (t) => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies']) t.notOk(kind in manifest, kind);
});

void t.test('the command of the error compiles what the application then loads', async (t) => {
  const asks = "const k = require('tcp-keepalive'); console.log(k.readSystemKeepalive().count > 0);";
  const made = application(t, { 'app.js': asks }, { prebuilds: false });
  // Away from this project, where Node would find the headers.
  const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(made.folder, folder, { recursive: true });
  const installed = path.join(folder, 'node_modules', 'tcp-keepalive');
  for (const name of ['native', 'scripts/compile.js', 'scripts/headers.js'])
    cpSync(path.join(root, name), path.join(installed, name), { recursive: true });
  cpSync(__filename, path.join(installed, 'prebuilds', 'aix-ppc64', 'tcp-keepalive.node'));

  const app = path.join(folder, 'app.js');
  const { stderr } = await ended(process.execPath, [app]);
  const [, command = ''] = /`(npm run compile --prefix .*?)`/.exec(stderr) ?? [];
  await promisify(execFile)('sh', ['-c', command]);
  t.match(await ended(process.execPath, [app]), { stdout: 'true\n', stderr: '' });
  t.strictSame(readdirSync(path.join(folder, 'node_modules')), ['tcp-keepalive'], 'no headers are left behind');
  t.notOk(readdirSync(installed).includes('node_modules'));
});
