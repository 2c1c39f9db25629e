'use strict';
// The package as a stranger gets it: the tarball, installed in an empty folder, where no script may run.
const { execFileSync } = require('node:child_process');
const { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { cache } = require('./cache.js');

const root = path.join(__dirname, '..', '..');

/** The folder, with test/matrix/smoke.cjs in it. */
exports.installPackage = () => {
  const folder = path.join(cache, 'stranger');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  /** @param {string} cwd @param {readonly string[]} args */
  const npm = (cwd, ...args) => execFileSync('npm', [...args, '--loglevel=error'], { cwd, stdio: ['ignore', 2, 2] });
  npm(root, 'pack', '--silent', '--pack-destination', folder);
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "stranger", "private": true }');
  npm(folder, 'install', `./tcp-keepalive-${version}.tgz`, '--ignore-scripts', '--prefix=.', '--no-audit', '--no-fund');
  copyFileSync(path.join(root, 'test', 'matrix', 'smoke.cjs'), path.join(folder, 'smoke.cjs'));
  return folder;
};
