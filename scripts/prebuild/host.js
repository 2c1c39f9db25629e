'use strict';
// `npm run prebuild:host`: the binary of the machine that it runs on, by that machine's compiler, under the name that
// prebuild:all gives to it.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const path = require('node:path');
const { nodedir } = require('../headers.js');
const { targets } = require('./targets.js');

const root = path.join(__dirname, '..', '..');
const { platform, arch } = process;
/** @type {any} */
const report = process.report.getReport();
const libc = platform !== 'linux' ? undefined : report.header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
const target = targets.find((one) => one.platform === platform && one.arch === arch && one.libc === libc);
if (target === undefined) throw new Error(`None of the ten is for ${platform}-${arch}: npm run compile`);

// strip would undo the signature of macOS's linker.
const tags = libc === undefined ? [] : [`--tag-libc=${libc}`, '--strip', ...(arch === 'x64' ? [] : ['--tag-armv'])];
const args = [require.resolve('prebuildify/bin.js'), '--napi', `--target=${process.version}`, ...tags];
const env = nodedir === undefined ? process.env : { ...process.env, npm_config_nodedir: nodedir };
const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
if (status !== 0) throw new Error(`prebuildify ended with ${status}`);

const made = path.join(root, 'prebuilds', target.file);
if (!existsSync(made)) throw new Error(`prebuildify has not made ${made}`);
console.log(`made ${made}`);
