'use strict';
// .cache/matrix: everything that the matrix runs with. A part is made again when what it is made from has changed.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');

exports.cache = path.join(__dirname, '..', '..', '.cache', 'matrix');

/** @type {Map<string, Promise<string>>} */
const asked = new Map();

/**
 * @param {string} name of a folder in the cache
 * @param {string} recipe all that decides what is in the folder
 * @param {(folder: string) => unknown} make fills the folder, which is empty
 * @returns the folder
 */
exports.cached = (name, recipe, make) => {
  const folder = asked.get(name) ?? makeOnce(path.join(exports.cache, name), recipe, make);
  asked.set(name, folder);
  return folder;
};

/** @param {string} folder @param {string} recipe @param {(folder: string) => unknown} make */
async function makeOnce(folder, recipe, make) {
  const made = `${folder}.made`;
  if (existsSync(made) && readFileSync(made, 'utf8') === recipe) return folder;
  const start = Date.now();
  rmSync(made, { force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await make(folder);
  writeFileSync(made, recipe);
  console.log(`# made ${path.relative(process.cwd(), folder)} in ${Math.round((Date.now() - start) / 1000)} s`);
  return folder;
}

/** @param {string} cwd @param {readonly string[]} command its standard output is left out */
exports.run = async (cwd, [file = '', ...args]) => {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  const [status, signal] = await once(child, 'exit');
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')} ended with ${status ?? signal}`);
};
