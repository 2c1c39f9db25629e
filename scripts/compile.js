'use strict';
// `npm run compile`: compiles the addon for the machine it runs on, where no prebuilt binary fits.
const { spawnSync } = require('node:child_process');
const { existsSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { nodedir } = require('./headers.js');

const root = path.join(__dirname, '..');
const gyp = path.join(root, 'binding.gyp');
// It is not packed: where there is one, pnpm and Yarn compile at each installation, whatever package.json says.
if (!existsSync(gyp)) writeFileSync(gyp, '{ "includes": ["native/addon.gypi"] }\n');

const nodeGyp = process.env['npm_config_node_gyp']; // npm brings its own
if (nodeGyp === undefined) throw new Error(`Run this by npm, which has node-gyp: npm run compile --prefix ${root}`);
const headers = nodedir === undefined ? [] : [`--nodedir=${nodedir}`];
const { status } = spawnSync(process.execPath, [nodeGyp, 'rebuild', ...headers], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
