'use strict';
// npm run matrix -- [--all] [WORD...]: the packed tarball, installed without scripts, in every runtime that Linux x64 can
// be made to run. One line for each cell. --all: also those for Windows, under Wine. WORD: the cells with it in their name.
const { availableParallelism } = require('node:os');
const { parseArgs } = require('node:util');
const { cells } = require('./cells.js');
const { runCell } = require('./cell.js');
const { installRuntimes } = require('./runtimes.js');
const { installPackage } = require('./stranger.js');

/** @typedef {import('./cells.js').Cell} Cell */

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** @param {string} outcome @param {Cell} cell @param {readonly string[]} details */
function print(outcome, { name, version }, details) {
  if (outcome === 'not ok') process.exitCode = 1;
  console.log(`${outcome.padEnd(8)} ${name.padEnd(15)} ${version.padEnd(21)} ${details.join('  ')}`);
}

/** @param {Cell} cell @param {Promise<string[]>} program @param {string} stranger */
async function runAndPrint(cell, program, stranger) {
  const start = Date.now();
  try {
    const { problems, seen } = await runCell(cell, await program, stranger);
    const time = `${((Date.now() - start) / 1000).toFixed(1)} s`;
    print(problems.length === 0 ? 'ok' : 'not ok', cell, [[...problems, ...seen].join(', '), time]);
  } catch (error) {
    print('not ok', cell, [/** @type {Error} */ (error).message]);
  }
}

async function main() {
  const named = cells.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)));
  if (named.length === 0) throw new Error(`no cell is named so; there are ${cells.map(({ name }) => name).join(', ')}`);
  const chosen = named.filter(({ system }) => system === 'linux' || values.all || positionals.length > 0);
  for (const cell of named) if (!chosen.includes(cell)) print('skipped', cell, ['Wine is in --all']);

  const installing = installPackage();
  const programs = chosen.map(async (cell) => cell.command(await installRuntimes(cell.system), await installing));
  await Promise.allSettled(programs); // what fails is said in its cell's line
  const stranger = await installing;
  const waiting = chosen.map((cell, index) => () => runAndPrint(cell, /** @type {any} */ (programs[index]), stranger));
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
