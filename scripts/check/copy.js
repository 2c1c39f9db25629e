'use strict';
// A second tree of this project in .cache/, to compile there with other flags and run the whole test suite on that:
// the addon and the test addons are found by their place.
const { execFileSync } = require('node:child_process');
const { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } = require('node:fs');
const path = require('node:path');
const { environment } = require('../run.js');

const root = path.join(__dirname, '..', '..');

/**
 * What git knows of, or would, and `dist/`.
 * @param {string} name
 */
exports.copyOfProject = function copyOfProject(name) {
  const copy = path.join(root, '.cache', name);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.toString().split('\0')) {
    if (file !== '' && existsSync(path.join(root, file))) cpSync(path.join(root, file), path.join(copy, file));
  }
  cpSync(path.join(root, 'dist'), path.join(copy, 'dist'), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
};

/**
 * Compiles the addon and the test addons of a copy.
 * @param {string} copy
 * @param {Readonly<Record<string, string>>} flags as environment variables of node-gyp
 */
exports.compile = function compile(copy, flags) {
  for (const folder of ['.', 'test/native']) {
    const args = ['configure', 'build', '--loglevel=warn', '--silent', `--directory=${folder}`];
    execFileSync('node-gyp', args, {
      cwd: copy,
      env: { ...environment, ...flags },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
};
