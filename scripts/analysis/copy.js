'use strict';
// A second tree of this project in .cache/, to compile there with other flags and run the whole test suite on that:
// the addon and the test addons are found by their place.
const { execFileSync } = require('node:child_process');
const { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } = require('node:fs');
const path = require('node:path');

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
  const env = { ...process.env, ...flags };
  for (const folder of ['.', 'test/native']) {
    const args = ['scripts/node-gyp.js', 'configure', 'build', '--loglevel=warn', '--silent', `--directory=${folder}`];
    execFileSync(process.execPath, args, { cwd: copy, env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
};

/** Compiles `src/` of a copy to its `dist/`, as `npm run build:ts` does. @param {string} copy */
exports.compileSources = function compileSources(copy) {
  execFileSync('npm', ['run', '--silent', 'build:ts'], { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'] });
};
