'use strict';
const { readdirSync } = require('node:fs');
const path = require('node:path');

/** They compile for themselves, or run what is packed: a measurement would not see them. */
const elsewhere = ['package/installed', 'package/prebuilds', 'package/smoke', 'system/fuzz-native'];

/** Those, or the rooms, that ask most of the addon in the shortest time, and that no deadline fails when it is slow. */
const short = [
  ...['socket/', 'keepalive/apply', 'keepalive/deferred-apply', 'keepalive/refusals', 'liveness/reused-descriptors'],
  ...['system/faults', 'system/fuzz', 'system/stress'],
];

/** The tests that tap is to run: the arguments of this program; with `--short` some; else all. */
exports.testsToRun = function testsToRun() {
  const given = process.argv.slice(2);
  if (given.length > 0 && !given.includes('--short')) return given;
  const files = readdirSync(path.join(__dirname, '..', '..', 'test'), { recursive: true, encoding: 'utf8' });
  const tests = files.filter((name) => name.endsWith('.test.ts')).map((name) => name.replace('.test.ts', ''));
  const isIn = (/** @type {string} */ test, /** @type {string} */ name) =>
    name.endsWith('/') ? test.startsWith(name) : test === name;
  for (const name of [...short, ...elsewhere]) {
    if (!tests.some((test) => isIn(test, name))) throw new Error(`there is no test/${name}`);
  }
  const all = tests.filter((test) => !elsewhere.includes(test));
  const wanted = given.includes('--short') ? all.filter((test) => short.some((name) => isIn(test, name))) : all;
  return wanted.map((name) => `test/${name}.test.ts`);
};
