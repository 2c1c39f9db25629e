// The package where people put it: on a read-only file system, inside a bundle.
import { execFile, spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { isolation } from '../support/network-namespace.js';

const root = path.join(__dirname, '..', '..');
const esbuild = require.resolve('esbuild-wasm/bin/esbuild');
const addon = path.join(root, 'build', 'Release', 'tcp_keepalive.node');
const prebuilt = path.join('prebuilds', `${process.platform}-${process.arch}`, 'tcp-keepalive.node');
const run = promisify(execFile);

/** An empty application beside a node_modules with the package and one prebuilt addon. */
function application(t: Test, source: string): string {
  const folder = t.testdir({ 'app.js': source });
  const installed = path.join(folder, 'node_modules', 'tcp-keepalive');
  for (const name of ['package.json', 'dist'])
    cpSync(path.join(root, name), path.join(installed, name), { recursive: true });
  cpSync(addon, path.join(installed, prebuilt));
  return folder;
}

const asks = `const keepalive = require('tcp-keepalive'); console.log(keepalive.readSystemKeepalive().count > 0);`;

const way = isolation();
const skip = 'reason' in way && (process.env['CI'] === undefined || process.platform !== 'linux') && way.reason;

void t.test('a read-only file system', { skip }, async (t) => {
  if ('reason' in way) return t.fail(`CI skips nothing that can run: ${way.reason}`);
  const folder = application(t, asks);
  const [program, ...args] = [
    ...way.command,
    ...[
      '--mount',
      'sh',
      '-ec',
      'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; cd "$1"; ! touch file; exec "$2" app.js',
    ],
    ...['sh', folder, process.execPath],
  ];
  const { status, stdout, stderr } = spawnSync(program!, args, {
    encoding: 'utf8',
    env: { ...way.env, TMPDIR: folder },
  });
  t.match(stderr, /Read-only file system/);
  t.equal(stdout, 'true\n');
  t.equal(status, 0);
});

void t.test('a bundle', async (t) => {
  const folder = application(t, asks);
  const away = path.join(folder, 'elsewhere');
  const bundle = path.join(away, 'out', 'app.js');
  await run(process.execPath, [esbuild, 'app.js', '--bundle', '--minify', '--platform=node', `--outfile=${bundle}`], {
    cwd: folder,
  });

  const refusal = await run(process.execPath, [bundle]).catch((error: unknown) => error as { stderr: string });
  t.match(refusal.stderr, /this is a bundle: copy .*prebuilds beside it/);
  cpSync(path.join(folder, 'node_modules', 'tcp-keepalive', 'prebuilds'), path.join(away, 'out', 'prebuilds'), {
    recursive: true,
  });
  t.equal((await run(process.execPath, [bundle])).stdout, 'true\n', 'with the prebuilds beside it');
});
