'use strict';
const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');

/** They are about the package, and not about what its code does: `npm run prebuild:all` compiles with its own flags. */
const ofThePackage = ['prebuilds', 'installed', 'smoke'].map((name) => `${name}.test.ts`);

/**
 * What tap is to run, by the arguments of this program. `--short`: without those of the package, the soak, and the tests
 * in a private network namespace, whose time is the kernel's: minutes of waiting for its timers.
 * @param {string} project
 */
exports.testsToRun = function testsToRun(project) {
  const given = process.argv.slice(2);
  const isShort = given[0] === '--short';
  if (given.length > 0 && !isShort) return given;
  const folder = path.join(project, 'test');
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts') && !ofThePackage.includes(name));
  /** @param {string} name */
  const isLong = (name) =>
    name === 'soak.test.ts' || readFileSync(path.join(folder, name), 'utf8').includes('inNamespace(');
  return files.filter((name) => !isShort || !isLong(name)).map((name) => `test/${name}`);
};
