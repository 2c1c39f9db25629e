'use strict';
// Runtimes for Linux and for Windows from npm, pinned by linux/package-lock.json and windows/package-lock.json.
const { copyFileSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { cached, run } = require('./cache.js');

/** The folder of the packages. @param {'linux' | 'windows'} system */
exports.installRuntimes = async (system) => {
  const lock = path.join(__dirname, system, 'package-lock.json');
  const folder = await cached(system, readFileSync(lock, 'utf8'), (folder) => {
    for (const name of ['package.json', 'package-lock.json']) {
      copyFileSync(path.join(__dirname, system, name), path.join(folder, name));
    }
    // --force: most of them are for other machines. --prefix: this can run within another npm command.
    const options = ['--force', '--ignore-scripts', '--no-bin-links', '--no-audit', '--no-fund', '--prefix=.'];
    return run(folder, ['npm', 'ci', ...options, '--loglevel=error']);
  });
  return path.join(folder, 'node_modules');
};
