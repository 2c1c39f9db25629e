'use strict';
// Runtimes for Linux and for Windows from npm, pinned by linux/package-lock.json and windows/package-lock.json.
const { execFileSync } = require('node:child_process');
const { copyFileSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { cached } = require('./cache.js');

/** The folder of the packages. @param {'linux' | 'windows'} system */
exports.installRuntimes = (system) => {
  const lock = path.join(__dirname, system, 'package-lock.json');
  const folder = cached(system, readFileSync(lock, 'utf8'), (folder) => {
    for (const name of ['package.json', 'package-lock.json']) {
      copyFileSync(path.join(__dirname, system, name), path.join(folder, name));
    }
    // --force: most of them are for other machines. Said again because this can run within another npm command.
    const args = ['ci', '--force', '--ignore-scripts', '--no-bin-links', '--no-audit', '--no-fund', '--prefix=.'];
    execFileSync('npm', [...args, '--loglevel=error'], { cwd: folder, stdio: ['ignore', 2, 2] });
  });
  return path.join(folder, 'node_modules');
};
