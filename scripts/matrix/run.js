'use strict';
// npm run matrix -- [--all] [WORD...]: the packed tarball, installed without scripts, in every runtime that Linux x64 can
// be made to run. One line for each cell. --all: also Windows, under Wine. WORD: only cells with it in their name.
const { availableParallelism } = require('node:os');
const { parseArgs } = require('node:util');
const { cells } = require('./cells.js');
const { runCell } = require('./cell.js');
const { installPackage } = require('./stranger.js');

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** @param {string} outcome @param {import('./cells.js').Cell} cell @param {string} detail @param {number} [seconds] */
function print(outcome, { name, version }, detail, seconds) {
  const time = seconds === undefined ? '' : `  ${seconds.toFixed(1)} s`;
  console.log(`${outcome.padEnd(8)} ${name.padEnd(16)} ${version.padEnd(24)} ${detail}${time}`);
}

/** @param {import('./cells.js').Cell} cell @param {string} folder */
async function runAndPrint(cell, folder) {
  const start = Date.now();
  /** @type {Awaited<ReturnType<typeof runCell>>} */
  let outcome;
  try {
    outcome = await runCell(cell, folder);
  } catch (error) {
    outcome = { problems: [String(/** @type {Error} */ (error).stack)], seen: [] };
  }
  const { problems, seen } = outcome;
  if (problems.length > 0) process.exitCode = 1;
  print(problems.length === 0 ? 'ok' : 'not ok', cell, [...problems, ...seen].join(', '), (Date.now() - start) / 1000);
}

async function main() {
  const named = cells.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)));
  if (named.length === 0) throw new Error(`no cell is named so; there are ${cells.map(({ name }) => name).join(', ')}`);
  const folder = installPackage();
  const waiting = named.filter((cell) => !cell.wine || values.all || positionals.length > 0);
  const work = async () => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) await runAndPrint(cell, folder);
  };
  for (const cell of named) if (!waiting.includes(cell)) print('skipped', cell, 'Wine is in --all');
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
