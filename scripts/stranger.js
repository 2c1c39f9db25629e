'use strict';
// The package as a stranger gets it.
const { execFileSync } = require('node:child_process');
const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

/**
 * Packs the package, and installs the tarball in an empty folder.
 * @param {string} folder @param {...string} options of npm install
 * @returns the tarball
 */
exports.installPacked = (folder, ...options) => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pack = ['pack', '--silent', '--pack-destination', folder];
  const name = execFileSync('npm', pack, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const tarball = path.join(folder, name.trim().split('\n').pop() ?? '');
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "stranger", "private": true }');
  // --prefix: this can run within another npm command.
  const install = ['install', tarball, '--prefix=.', '--no-audit', '--no-fund', ...options];
  execFileSync('npm', install, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  return tarball;
};
