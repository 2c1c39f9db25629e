'use strict';
// `npm run coverage [-- test/x.test.ts ...]`: the tests with the addon compiled for gcov and V8 counting, then: is every line
// and branch of src/ and native/ that did not run listed in test/COVERAGE.md, which says why?
// `-- --again` judges the last run. `-- --src FOLDER` judges src/ by tests that ran with NODE_V8_COVERAGE=FOLDER.
const { spawnSync } = require('node:child_process');
const { cpSync, existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { compile, compileSources, copyOfProject } = require('./copy.js');
const { nativeCoverage } = require('./native-coverage.js');
const { makeFalseCount } = require('./never-false.js');
const { driveSeam } = require('./seam.js');
const { sourceCoverage } = require('./source-coverage.js');
const { testsToRun } = require('./tests.js');

const root = path.join(__dirname, '..', '..');
/** In the copy: what was not rewritten. */
const asWritten = 'as-written';

function run() {
  const project = copyOfProject('coverage');
  for (const folder of ['src', 'native']) {
    cpSync(path.join(project, folder), path.join(project, asWritten, folder), { recursive: true });
  }
  makeFalseCount(path.join(project, 'src'));
  compileSources(project);
  compile(project, { CXXFLAGS: '-O0 --coverage', LDFLAGS: '--coverage' });
  const output = path.join(project, 'seam');
  driveSeam(project, { compiler: 'g++', flags: ['-O0', '--coverage'], tool: [], output });
  const env = { ...process.env, NODE_V8_COVERAGE: path.join(project, 'v8') };
  const { status } = spawnSync('npx', ['tap', ...testsToRun(project)], { cwd: project, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  return project;
}

/** Nothing is left of it in JavaScript. @param {string} file */
function isTypesOnly(file) {
  if (!file.endsWith('.ts')) return false;
  const compiled = readFileSync(path.join(project, file.replace(/^src/, 'dist').replace(/ts$/, 'js')), 'utf8');
  return (
    compiled.replace(/^("use strict";|Object.defineProperty\(exports, "__esModule".*|\/\/.*)$/gm, '').trim() === ''
  );
}

/** @typedef {{ before: string | undefined, text: string }} Entry */

/**
 * The lines that test/COVERAGE.md lists: "- `text of the line`" below "### path of the file"; where the file has that text
 * more than once, "- `text of the line before` then `text of the line`".
 * @param {string} list
 */
function listed(list) {
  /** @type {Map<string, Entry[]>} */
  const files = new Map();
  let entries = /** @type {Entry[]} */ ([]);
  for (const line of list.split('\n')) {
    const file = /^### (.*)$/.exec(line)?.[1];
    if (file !== undefined) files.set(file, (entries = files.get(file) ?? []));
    const [, , first, , second] = /^- (`+) ?(.*?) ?\1(?: then (`+) ?(.*?) ?\3)?/.exec(line) ?? [];
    if (first !== undefined) entries.push({ before: second && first, text: second ?? first });
  }
  return files;
}

/** The numbers, from 1, of the lines that an entry can mean. @param {string} file @param {Entry} entry */
function meant(file, { before, text }) {
  const lines = linesOf(file);
  return [...lines.keys()]
    .filter((index) => lines[index] === text && (before === undefined || lines[index - 1] === before))
    .map((index) => index + 1);
}

/** As they are written. @param {string} file */
function linesOf(file) {
  const text = readFileSync(path.join(project, onlySources ? '' : asWritten, file), 'utf8');
  return text.split('\n').map((line) => line.trim());
}

const [mode, folder = ''] = process.argv.slice(2);
const onlySources = mode === '--src';
const project = onlySources ? root : mode === '--again' ? path.join(root, '.cache', 'coverage') : run();
const records = onlySources ? path.resolve(folder) : path.join(project, 'v8');
const results = new Map([
  ...sourceCoverage(records, path.join(project, 'dist')),
  ...(onlySources ? [] : nativeCoverage(project)),
]);
const known = listed(readFileSync(path.join(root, 'test', 'COVERAGE.md'), 'utf8'));
const problems = [];

for (const folder of onlySources ? ['src'] : ['src', 'native']) {
  let [lines, uncovered] = [0, 0];
  for (const name of readdirSync(path.join(project, folder), { recursive: true, encoding: 'utf8' })) {
    const file = `${folder}/${name}`;
    const result = results.get(path.join(project, file));
    const isCode = /\.(ts|cc)$/.test(name) && !name.endsWith('.d.ts');
    if (result === undefined) {
      if (isCode && !isTypesOnly(file) && !known.has(file)) problems.push(`${file}: no line ran, and it is not listed`);
      continue;
    }
    const text = linesOf(file);
    const excused = new Set(known.get(file)?.flatMap((entry) => meant(file, entry)));
    lines += result.lines.size;
    uncovered += result.uncovered.size;
    for (const number of result.uncovered) {
      if (!excused.has(number)) problems.push(`${file}:${number}: ${text[number - 1]}`);
    }
  }
  console.log(`${folder}/: of ${lines} lines with code ${uncovered} did not run, or not in every branch`);
}
for (const [file, entries] of known) {
  if (!existsSync(path.join(project, file))) {
    problems.push(`test/COVERAGE.md lists ${file}, which is not there`);
    continue;
  }
  for (const entry of entries) {
    const { length } = meant(file, entry);
    if (length === 1) continue;
    const what = length === 0 ? 'is not' : `is ${length} times, to be told apart by the line before it,`;
    problems.push(`test/COVERAGE.md lists a line that ${what} in ${file}: ${entry.text}`);
  }
}
if (problems.length > 0) {
  console.error(`Neither covered nor listed in test/COVERAGE.md:\n  ${problems.join('\n  ')}`);
  process.exit(1);
}
console.log('All of them are listed in test/COVERAGE.md.');
