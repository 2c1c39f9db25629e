'use strict';
// The package as a stranger gets it: the tarball, installed in an empty folder, where no script may run.
const { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { cache, run } = require('./cache.js');

const root = path.join(__dirname, '..', '..');

/** The folder, with smoke.cjs and its checks in it. */
exports.installPackage = async () => {
  const folder = path.join(cache, 'stranger');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run(root, ['npm', 'pack', '--silent', '--pack-destination', folder]);
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "stranger", "private": true }');
  const options = ['--ignore-scripts', '--prefix=.', '--no-audit', '--no-fund', '--loglevel=error'];
  await run(folder, ['npm', 'install', `./tcp-keepalive-${version}.tgz`, ...options]);
  cpSync(path.join(root, 'test', 'package', 'smoke'), folder, { recursive: true });
  return folder;
};
