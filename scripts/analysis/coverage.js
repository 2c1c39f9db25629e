'use strict';
// `npm run coverage [-- test/x.test.ts ...]`: the tests with the addon compiled for gcov and V8 counting, then: is every line
// and branch of src/ and native/ that did not run listed in test/COVERAGE.md, which says why?
// `-- --again` judges the last run. `-- --src FOLDER` judges src/ by tests that ran with NODE_V8_COVERAGE=FOLDER.
const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { compile, copyOfProject } = require('./copy.js');
const { nativeCoverage } = require('./native-coverage.js');
const { driveSeam } = require('./seam.js');
const { sourceCoverage } = require('./source-coverage.js');
const { testsToRun } = require('./tests.js');

const root = path.join(__dirname, '..', '..');

function run() {
  const project = copyOfProject('coverage');
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

/**
 * The lines that test/COVERAGE.md lists: "- `text of the line`" below "### path of the file".
 * @param {string} list
 */
function listed(list) {
  /** @type {Map<string, Set<string>>} */
  const files = new Map();
  let file = '';
  for (const line of list.split('\n')) {
    file = /^### (.*)$/.exec(line)?.[1] ?? file;
    const [, , text] = /^- (`+) ?(.*?) ?\1/.exec(line) ?? [];
    if (text !== undefined) files.set(file, (files.get(file) ?? new Set()).add(text));
    else if (line.startsWith('### ')) files.set(file, files.get(file) ?? new Set());
  }
  return files;
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
    const text = readFileSync(path.join(project, file), 'utf8').split('\n');
    lines += result.lines.size;
    uncovered += result.uncovered.size;
    for (const number of result.uncovered) {
      const line = text[number - 1]?.trim() ?? '';
      if (!known.get(file)?.has(line)) problems.push(`${file}:${number}: ${line}`);
    }
  }
  console.log(`${folder}/: of ${lines} lines with code ${uncovered} did not run, or not in every branch`);
}
for (const [file, texts] of known) {
  const text = existsSync(path.join(project, file)) ? readFileSync(path.join(project, file), 'utf8') : '';
  const there = new Set(text.split('\n').map((line) => line.trim()));
  if (text === '') problems.push(`test/COVERAGE.md lists ${file}, which is not there`);
  for (const line of texts)
    if (!there.has(line)) problems.push(`test/COVERAGE.md lists a line that is not in ${file}: ${line}`);
}
if (problems.length > 0) {
  console.error(`Neither covered nor listed in test/COVERAGE.md:\n  ${problems.join('\n  ')}`);
  process.exit(1);
}
console.log('All of them are listed in test/COVERAGE.md.');
