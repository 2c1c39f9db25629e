'use strict';
// Packages that only some scripts need, in a folder of their own: half a gigabyte and more.
const { spawnSync } = require('node:child_process');
const { copyFileSync, existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

/**
 * Installs what package-lock.json in a folder pins, unless it is there.
 * @param {string} folder @param {...string} options of npm ci
 * @returns its node_modules
 */
exports.npmCi = (folder, ...options) => {
  const [lock, packages] = [path.join(folder, 'package-lock.json'), path.join(folder, 'node_modules')];
  const installed = path.join(packages, '.installed.json');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) return packages;
  console.error(`installing the packages of ${folder} (once)`);
  // Said again, because this can run within another npm command (npm pack --dry-run) and would inherit its options.
  const own = ['--ignore-scripts', '--no-audit', '--no-fund', '--dry-run=false', '--global=false', '--prefix=.'];
  const { status } = spawnSync('npm', ['ci', ...own, ...options], { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`npm ci in ${folder} ended with ${status}`);
  copyFileSync(lock, installed);
  return packages;
};
