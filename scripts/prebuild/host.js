'use strict';
// node scripts/prebuild/host.js [FOLDER]: the binary of the machine that runs this, made from source by its own compiler
// (prebuildify), in FOLDER/prebuilds, under the name that node-gyp-build looks for. FOLDER: .cache/host by default. It takes
// the place of no file of `npm run prebuilds`: those have the same bits on each machine, this one has not.
const { mkdirSync } = require('node:fs');
const path = require('node:path');
const { node, run } = require('../run.js');

const root = path.join(__dirname, '..', '..');
const folder = path.resolve(process.argv[2] ?? path.join(root, '.cache', 'host'));
mkdirSync(folder, { recursive: true });

// node-gyp-build knows no C library elsewhere than on Linux.
const tags =
  process.platform === 'linux' ? ['--tag-libc', ...(process.arch.startsWith('arm') ? ['--tag-armv'] : [])] : [];
// Stripping would take a macOS binary's signature away, and Windows has nothing to strip.
const strip = process.platform === 'linux' ? ['--strip'] : [];
run('prebuildify', '--napi', '--name=tcp-keepalive', `--out=${folder}`, ...tags, ...strip);
node('-p', `require('node-gyp-build').path(${JSON.stringify(folder)})`);
node('-e', `require('node-gyp-build')(${JSON.stringify(folder)})`);
