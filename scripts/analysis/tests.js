'use strict';
const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');

/**
 * What tap is to run, by the arguments of this program. `--short`: without the tests in a private network namespace,
 * whose time is the kernel's: minutes of waiting for its timers.
 * @param {string} project
 */
exports.testsToRun = function testsToRun(project) {
  const [first, ...rest] = process.argv.slice(2);
  if (first !== '--short') return first === undefined ? [] : [first, ...rest];
  const files = readdirSync(path.join(project, 'test')).filter((name) => name.endsWith('.test.ts'));
  const isShort = /** @param {string} file */ (file) =>
    !readFileSync(path.join(project, file), 'utf8').includes('inNamespace(');
  return files.map((name) => `test/${name}`).filter(isShort);
};
