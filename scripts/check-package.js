'use strict';
// What a stranger gets: packs, lints the tarball, installs it in an empty folder, runs the README's first example there,
// with import and with require.
const { execFileSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** @param {string} cwd @param {string} file @param {readonly string[]} args */
function run(cwd, file, ...args) {
  console.log(`$ ${[file, ...args].join(' ')}`);
  execFileSync(file, args, { cwd, stdio: 'inherit' });
}

execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, stdio: 'inherit' });
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const tarball = path.join(folder, `tcp-keepalive-${version}.tgz`);

run(root, 'npx', 'publint', 'run', tarball, '--strict');
run(root, 'npx', 'attw', tarball, '--summary');

const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync(path.join(root, 'README.md'), 'utf8')) ?? [];
const onAnyPort = example.replace('server.listen(8080);', 'server.listen(0, () => server.close());');
if (onAnyPort === example) throw new Error("the README's first example has changed: teach this script to end it");
const asRequired = onAnyPort.replace(/import (\{.*?\}) from ('.*?');/g, 'const $1 = require($2);');

writeFileSync(path.join(folder, 'package.json'), '{ "name": "stranger", "private": true }');
run(folder, 'npm', 'install', tarball, '--foreground-scripts', '--no-audit', '--no-fund');
writeFileSync(path.join(folder, 'example.mjs'), onAnyPort);
writeFileSync(path.join(folder, 'example.cjs'), asRequired);
run(folder, process.execPath, 'example.mjs');
run(folder, process.execPath, 'example.cjs');
run(folder, process.execPath, '-p', "require('tcp-keepalive').readSystemKeepalive()");
run(folder, process.execPath, '-p', "require('tcp-keepalive/heartbeat')");
run(folder, 'npm', 'ls', '--omit=dev', '--all');
