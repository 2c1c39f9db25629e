'use strict';
// From what gcc counted (--coverage) to the lines of native/ that never ran, or of which a branch was never taken.
const { execFileSync } = require('node:child_process');
const { readdirSync } = require('node:fs');
const path = require('node:path');

/** @typedef {{ line_number: number, count: number, branches: { count: number, throw: boolean }[] }} Line */

/**
 * @param {string} project compiled with --coverage, its addons and programs run
 * @returns {Map<string, { lines: Set<number>, uncovered: Set<number> }>} numbers of lines, from 1, by source file
 */
exports.nativeCoverage = function nativeCoverage(project) {
  /** @type {Map<string, Map<number, { ran: boolean, taken: boolean[] }>>} */
  const files = new Map();
  for (const folder of ['build', 'test/native/build', 'seam']) {
    for (const record of recordsIn(path.join(project, folder))) {
      // Paths in it are relative to where the compiler ran.
      const cwd = path.join(project, folder);
      const json = execFileSync('gcov', ['--json-format', '--stdout', '--branch-probabilities', record], { cwd });
      for (const { file, lines } of JSON.parse(json.toString()).files) {
        const source = path.resolve(cwd, file);
        if (path.dirname(source) !== path.join(project, 'native')) continue;
        const known = files.get(source) ?? new Map();
        files.set(source, known);
        for (const line of /** @type {Line[]} */ (lines)) addLine(known, line);
      }
    }
  }
  return new Map([...files].map(([file, known]) => [file, summary(known)]));
};

/** @param {string} folder */
function recordsIn(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.gcda')).map((name) => path.join(folder, name));
}

/** A line can be in several binaries, and several times in one: each branch is to be taken somewhere.
 * @param {Map<number, { ran: boolean, taken: boolean[] }>} known @param {Line} line */
function addLine(known, { line_number: number, count, branches }) {
  const line = known.get(number) ?? { ran: false, taken: [] };
  known.set(number, line);
  line.ran ||= count > 0;
  const taken = branches.filter((branch) => !branch.throw).map((branch) => branch.count > 0);
  taken.forEach((did, index) => (line.taken[index] ||= did));
}

/** @param {Map<number, { ran: boolean, taken: boolean[] }>} known */
function summary(known) {
  const uncovered = [...known].filter(([, { ran, taken }]) => !ran || taken.includes(false)).map(([number]) => number);
  return { lines: new Set(known.keys()), uncovered: new Set(uncovered) };
}
