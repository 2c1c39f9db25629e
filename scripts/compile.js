'use strict';
// `npm run compile`: compiles the addon for the machine it runs on, where no prebuilt binary fits.
const { spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { nodedir } = require('./headers.js');

const root = path.join(__dirname, '..');
const gyp = path.join(root, 'binding.gyp');
// It is not packed: where there is one, pnpm and Yarn compile at each installation, whatever package.json says.
if (!existsSync(gyp)) writeFileSync(gyp, '{ "includes": ["native/addon.gypi"] }\n');

const nodeGyp = process.env['npm_config_node_gyp']; // npm brings its own
if (nodeGyp === undefined) throw new Error(`Run this by npm, which has node-gyp: npm run compile --prefix ${root}`);
const headers = nodedir === undefined ? [] : [`--nodedir=${nodedir}`];
const env = { ...process.env, ...withNodeAddonApi() };
const { status } = spawnSync(process.execPath, [nodeGyp, 'rebuild', ...headers], { cwd: root, env, stdio: 'inherit' });
process.exit(status ?? 1);

/** Headers that only compiling needs, so they are no dependency: installed for the time of it, if they are not there. */
function withNodeAddonApi() {
  try {
    require.resolve('node-addon-api');
    return {};
  } catch {
    const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-'));
    process.on('exit', () => rmSync(folder, { recursive: true }));
    const { devDependencies } = require('../package.json');
    const npm = [String(process.env['npm_execpath']), 'install', `node-addon-api@${devDependencies['node-addon-api']}`];
    const options = [`--prefix=${folder}`, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
    const { status } = spawnSync(process.execPath, [...npm, ...options], { stdio: 'inherit' });
    if (status !== 0) throw new Error('node-addon-api could not be installed, whose headers are needed to compile');
    return { NODE_PATH: path.join(folder, 'node_modules') };
  }
}
