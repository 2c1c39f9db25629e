'use strict';
// npm run matrix -- [--all] [WORD...]: the packed tarball, installed without scripts, in every runtime that Linux x64 can
// be made to run. One line for each cell. --all: also those for Windows, under Wine. WORD: the cells with it in their name.
const { cpSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { npmCi } = require('../npm-ci.js');
const { installPacked } = require('../stranger.js');
const { cache } = require('./cache.js');
const { cells } = require('./cells.js');
const { runCell } = require('./cell.js');

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

/** Calls something for a cell; what it throws is the cell's failure. @param {Cell} cell @param {() => unknown} make */
async function attempt(cell, make) {
  try {
    await make();
  } catch (error) {
    print('not ok', cell, [/** @type {Error} */ (error).message]);
  }
}

async function main() {
  const named = cells.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)));
  if (named.length === 0) throw new Error(`no cell is named so; there are ${cells.map(({ name }) => name).join(', ')}`);
  const chosen = named.filter(({ system }) => system === 'linux' || values.all || positionals.length > 0);
  for (const cell of named) if (!chosen.includes(cell)) print('skipped', cell, ['Wine is in --all']);

  const stranger = path.join(cache, 'stranger');
  installPacked(stranger, '--ignore-scripts', '--loglevel=error');
  cpSync(path.join(__dirname, '..', '..', 'test', 'package', 'smoke'), stranger, { recursive: true });

  /** @type {{ cell: Cell, program: string[] }[]} */
  const waiting = [];
  for (const cell of chosen) {
    await attempt(cell, () => {
      // --force: most of the runtimes are for other machines.
      const runtimes = npmCi(path.join(__dirname, cell.system), '--force', '--no-bin-links', '--loglevel=error');
      waiting.push({ cell, program: cell.command(runtimes, stranger) });
    });
  }
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { cell, program } = next;
      await attempt(cell, async () => {
        const start = Date.now();
        const { problems, seen } = await runCell(cell, program, stranger);
        const time = `${((Date.now() - start) / 1000).toFixed(1)} s`;
        print(problems.length === 0 ? 'ok' : 'not ok', cell, [[...problems, ...seen].join(', '), time]);
      });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
