'use strict';
const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');

/** They are about the package, and not about what its code does: it is compiled anew there, or run as it is packed. */
const ofThePackage = ['installed', 'prebuilds', 'smoke'].map((name) => `${name}.test.ts`);

/**
 * The tests that tap is to run: those that are the arguments of this program, or all but those of the package.
 * @param {string} project
 */
exports.testsToRun = function testsToRun(project) {
  const given = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  if (given.length > 0) return given;
  const files = readdirSync(path.join(project, 'test')).filter((name) => name.endsWith('.test.ts'));
  return files.filter((name) => !ofThePackage.includes(name)).map((name) => `test/${name}`);
};

/**
 * Without those that do little with the addon but take long: in a private network namespace, where time is the kernel's
 * and minutes are waited for its timers, the heartbeats, which are JavaScript, and the soak.
 * @param {string} project
 * @param {readonly string[]} tests
 */
exports.shortOnes = function shortOnes(project, tests) {
  return tests.filter((file) => {
    const text = readFileSync(path.join(project, file), 'utf8');
    return !/inNamespace\(|tcp-keepalive\/heartbeat|soak/.test(text) && !file.includes('doc-examples');
  });
};
