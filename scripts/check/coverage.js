'use strict';
// `npm run check -- coverage [test/x.test.ts ...]`: runs the tests with the addon compiled for gcov and with V8 counting. Fails
// for each line of src/ or native/ of which a part did not run, unless a comment beside it says why: `v8 ignore` in src/,
// GCOVR_EXCL_BR in native/. `--src FOLDER [MOST]` judges src/ alone, by tests that ran with NODE_V8_COVERAGE=FOLDER, and
// fails above so many lines.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { compile, copyOfProject } = require('./copy.js');
const { driveSeam } = require('./seam.js');
const { uncoveredSource } = require('./source-coverage.js');
const { testsToRun } = require('./tests.js');

const root = path.join(__dirname, '..', '..');
/** Where the addon, the test addons and seam.cc are compiled. */
const compiled = ['build', 'test/native/build', 'seam'];

function runTests() {
  const tests = testsToRun();
  const project = copyOfProject('coverage');
  compile(project, { CXXFLAGS: '-O0 --coverage', LDFLAGS: '--coverage' });
  // Without exceptions, as node-gyp compiles: a call that may throw is a branch.
  const flags = ['-O0', '--coverage', '-fno-exceptions'];
  driveSeam(project, { compiler: 'g++', flags, tool: [], output: path.join(project, 'seam') });
  const env = { ...process.env, NODE_V8_COVERAGE: path.join(project, 'v8') };
  const { status } = spawnSync('npx', ['tap', ...tests], { cwd: project, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  return project;
}

/** Whether every line and every branch was taken. @param {string} project */
function isNativeCovered(project) {
  const strict = ['--fail-under-line=100', '--fail-under-branch=100'];
  const args = ['--filter', 'native/', '--exclude-throw-branches', ...strict, ...compiled];
  const ends = [[], ['--branches']].map((what) =>
    spawnSync('gcovr', [...args, ...what], { cwd: project, stdio: 'inherit' }),
  );
  return ends.every(({ status }) => status === 0);
}

async function main() {
  const [mode, folder = '', most = '0'] = process.argv.slice(2);
  const project = mode === '--src' ? root : runTests();
  const records = mode === '--src' ? path.resolve(folder) : path.join(project, 'v8');
  const uncovered = await uncoveredSource(records, project);
  for (const line of uncovered) console.error(line);
  console.log(`src/: ${uncovered.length} lines did not run, or not in every branch`);
  const isCovered = mode === '--src' || isNativeCovered(project);
  if (uncovered.length > (mode === '--src' ? Number(most) : 0) || !isCovered) process.exit(1);
}

void main();
