// The package inside a bundle, made by each bundler and in each format that docs/platforms.md names: with `prebuilds` beside it the
// kernel is reached; without, the application starts and is told what to copy at the first call.
import { build } from 'esbuild-wasm';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import webpack, { type Configuration } from 'webpack';
import { application, ended, type Application } from '../support/application';

interface Postject {
  inject(file: string, name: string, data: Buffer, options: { sentinelFuse: string }): Promise<void>;
}
const { inject } = require('postject') as Postject; // it has no types

const source = `
  import { keepaliveSupport, readSystemKeepalive, KeepaliveError } from 'tcp-keepalive';
  import { SilenceWatchdog } from 'tcp-keepalive/heartbeat';
  const { available } = keepaliveSupport;
  new SilenceWatchdog({ timeout: 1_000, onSilence() {} }).stop();
  try {
    console.log(available, readSystemKeepalive().count > 0);
  } catch (error) {
    console.log(available, error instanceof KeepaliveError, error.code, error.message.split('What to do: ')[1]);
  }`;

/** Makes a bundle and answers how to start it. */
type Bundler = (app: Application, out: string) => Promise<[string, ...string[]]>;

const esbuild =
  (format: 'esm' | 'cjs'): Bundler =>
  async ({ folder }, out) => {
    const outfile = path.join(out, format === 'esm' ? 'app.mjs' : 'app.cjs');
    const { warnings } = await build({
      absWorkingDir: folder,
      entryPoints: ['app.js'],
      outfile,
      bundle: true,
      minify: true,
      platform: 'node',
      format,
      logLevel: 'silent',
    });
    if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
    return [process.execPath, outfile];
  };

const withWebpack =
  (format: 'commonjs' | 'module'): Bundler =>
  async ({ folder }, out) => {
    const filename = format === 'module' ? 'app.mjs' : 'app.cjs';
    const configuration: Configuration = {
      context: folder,
      entry: './app.js',
      mode: 'production',
      target: 'node20',
      output: { path: out, filename, library: { type: format }, module: format === 'module' },
      experiments: { outputModule: format === 'module' },
    };
    const stats = await new Promise((resolve, reject) => {
      webpack(configuration, (error, done) =>
        error === null ? resolve(done?.toString('errors-warnings')) : reject(error),
      );
    });
    if (!String(stats).includes('compiled successfully') && stats !== '') throw new Error(String(stats));
    return [process.execPath, path.join(out, filename)];
  };

/** https://nodejs.org/docs/latest-v20.x/api/single-executable-applications.html */
const singleExecutable: Bundler = async (app, out) => {
  const [node, main] = await esbuild('cjs')(app, path.join(app.folder, 'bundle'));
  const blob = path.join(app.folder, 'sea.blob');
  const configuration = path.join(app.folder, 'sea.json');
  writeFileSync(configuration, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }));
  const { code, stderr } = await ended(node, ['--experimental-sea-config', configuration]);
  if (code !== 0) throw new Error(stderr);
  const executable = path.join(out, 'app');
  cpSync(node, executable);
  chmodSync(executable, 0o755);
  await inject(executable, 'NODE_SEA_BLOB', readFileSync(blob), {
    sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
  });
  return [executable];
};

const bundlers: Record<string, Bundler> = {
  'esbuild, ES modules': esbuild('esm'),
  'esbuild, CommonJS': esbuild('cjs'),
  'webpack, ES modules': withWebpack('module'),
  'webpack, CommonJS': withWebpack('commonjs'),
  'a single executable': singleExecutable,
};

for (const [name, bundle] of Object.entries(bundlers)) {
  void t.test(name, async (t) => {
    const app = application(t, { 'app.js': source });
    const out = path.join(app.folder, 'elsewhere', 'out');
    cpSync(path.join(app.folder, 'package.json'), path.join(out, 'package.json'));
    const [program, ...args] = await bundle(app, out);

    const without = await ended(program, args);
    t.equal(without.stderr, '');
    t.match(without.stdout, /^false true ERR_KEEPALIVE_ADDON this is a bundle: copy .*prebuilds beside it/);
    cpSync(path.join(app.installed, 'prebuilds'), path.join(out, 'prebuilds'), { recursive: true });
    const beside = await ended(program, args);
    t.equal(beside.stderr, '');
    t.equal(beside.stdout, 'true true\n', 'with the prebuilds beside it');
  });
}
