'use strict';
// .cache/matrix: what the matrix makes for itself. A part is made again when what it is made from has changed.
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');

exports.cache = path.join(__dirname, '..', '..', '.cache', 'matrix');

/**
 * @param {string} name of a folder in the cache
 * @param {string} recipe all that decides what is in the folder
 * @param {(folder: string) => void} make fills the folder, which is empty
 * @returns the folder
 */
exports.cached = (name, recipe, make) => {
  const folder = path.join(exports.cache, name);
  const made = `${folder}.made`;
  if (existsSync(made) && readFileSync(made, 'utf8') === recipe) return folder;
  const start = Date.now();
  rmSync(made, { force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  make(folder);
  writeFileSync(made, recipe);
  console.log(`# made ${path.relative(process.cwd(), folder)} in ${Math.round((Date.now() - start) / 1000)} s`);
  return folder;
};
