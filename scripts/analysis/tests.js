'use strict';
const { readdirSync } = require('node:fs');
const path = require('node:path');

/** Compiled anew, or run as it is packed: what is measured here has no part in them. */
const elsewhere = ['fuzz-native', 'installed', 'prebuilds', 'smoke'];

/** Those that ask most of the addon in the shortest time, and do not hang on how fast it is. */
const short = ['apply', 'connect', 'descriptor', 'faults', 'fuzz', 'liveness-descriptors', 'macos-order', 'old-kernel'];
short.push('old-system', 'refusals', 'stress', 'tcp-info', 'unsupported');

/**
 * The tests that tap is to run: the arguments of this program; with `--short` some; else all.
 * @param {string} project
 */
exports.testsToRun = function testsToRun(project) {
  const given = process.argv.slice(2);
  if (given.length > 0 && !given.includes('--short')) return given;
  const files = readdirSync(path.join(project, 'test')).filter((name) => name.endsWith('.test.ts'));
  const names = files.map((name) => name.replace('.test.ts', ''));
  const wanted = given.includes('--short') ? short : names.filter((name) => !elsewhere.includes(name));
  for (const name of wanted) if (!names.includes(name)) throw new Error(`there is no test/${name}.test.ts`);
  return wanted.map((name) => `test/${name}.test.ts`);
};
