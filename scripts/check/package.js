'use strict';
// `npm run check -- package`: what a stranger gets. Packs, lints the tarball, installs it in an empty folder, opens its
// binaries, compiles the README's first example there in strict TypeScript, runs it with import and with require, and again as
// where no binary fits.
const { execFileSync, spawnSync } = require('node:child_process');
const { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { gzipSync } = require('node:zlib');
const { check } = require('../prebuild/check.js');
const { installPacked } = require('../stranger.js');

const largest = 1_500_000; // a third of it binaries
const largestForPages = 4096;
const root = path.join(__dirname, '..', '..');
const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** @param {string} cwd @param {string} file @param {readonly string[]} args */
function run(cwd, file, ...args) {
  console.log(`$ ${[file, ...args].join(' ')}`);
  execFileSync(file, args, { cwd, stdio: 'inherit' });
}

const tarball = installPacked(folder, '--foreground-scripts');
run(root, 'npx', 'publint', 'run', tarball, '--strict');
// The module for pages is an ES module alone.
run(root, 'npx', 'attw', tarball, '--summary', '--ignore-rules', 'cjs-resolves-to-esm');

const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync(path.join(root, 'README.md'), 'utf8')) ?? [];
const onAnyPort = example.replace('server.listen(8080);', 'server.listen(0, () => server.close());');
if (onAnyPort === example) throw new Error("the README's first example has changed: teach this script to end it");
const asRequired = onAnyPort.replace(/import (\{.*?\}) from ('.*?');/g, 'const $1 = require($2);');

const installed = path.join(folder, 'node_modules', 'tcp-keepalive');
checkInstalled();
writeFileSync(path.join(folder, 'example.mjs'), onAnyPort);
writeFileSync(path.join(folder, 'example.cjs'), asRequired);
writeFileSync(path.join(folder, 'example.mts'), onAnyPort);
const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const types = ['--types', 'node', '--typeRoots', path.join(root, 'node_modules', '@types')];
run(folder, process.execPath, compiler, '--strict', '--noEmit', '--module', 'nodenext', ...types, 'example.mts');
run(folder, process.execPath, 'example.mjs');
run(folder, process.execPath, 'example.cjs');
run(folder, process.execPath, '-p', "require('tcp-keepalive').readSystemKeepalive()");
run(folder, process.execPath, '-p', "require('tcp-keepalive/heartbeat')");
run(folder, 'npm', 'ls', '--omit=dev', '--all');

// Where no binary fits: an error that names the command that helps.
rmSync(path.join(installed, 'prebuilds', `${process.platform}-${process.arch}`), { recursive: true });
const { stderr } = spawnSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' });
const [, command = ''] = /`(npm run compile .*?)`/.exec(stderr) ?? [];
if (!stderr.includes('ERR_KEEPALIVE_ADDON')) throw new Error(`without binaries:\n${stderr}`);
run(folder, 'sh', '-c', command);
run(folder, process.execPath, 'example.mjs');

function checkInstalled() {
  const { packages } = JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8'));
  for (const [name, { hasInstallScript }] of Object.entries(packages)) {
    if (hasInstallScript) throw new Error(`${name} has an install script`);
  }
  check(path.join(installed, 'prebuilds'));
  const names = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => statSync(path.join(installed, name))).filter((file) => file.isFile());
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > largest) throw new Error(`unpacked it has ${size} bytes, more than ${largest}`);
  const forPages = gzipSync(readFileSync(path.join(installed, 'dist', 'browser', 'index.mjs'))).length;
  if (forPages > largestForPages) throw new Error(`dist/browser has ${forPages} bytes compressed`);
  console.log(`${files.length} files, ${size} bytes unpacked`);
}
