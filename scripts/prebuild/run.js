'use strict';
// `npm run prebuilds [-- --write]`: makes the binaries in prebuilds/, with the same bits on each machine: those of
// scripts/prebuild/SHA256SUMS, which --write writes. A binary is made again only when something that it is made of has changed.
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');
const { missingTool } = require('./binary.js');
const { build } = require('./build.js');
const { check, checksums, listChecksums } = require('./check.js');
const { targets } = require('./targets.js');
const { installToolchain } = require('./toolchain.js');

const root = path.join(__dirname, '..', '..');
const folder = path.join(root, 'prebuilds');
const cache = path.join(root, '.cache', 'prebuilds');

/** Everything that a binary is made of, but for its target. */
function hashSources() {
  const hash = createHash('sha256');
  const folders = ['native', 'native/prebuilt'];
  const files = folders.flatMap((name) => readdirSync(path.join(root, name)).map((file) => path.join(name, file)));
  const sources = files.filter((file) => /\.(cc?|h|gypi)$/.test(file)).sort();
  const builder = ['build', 'gyp'].map((name) => path.join('scripts', 'prebuild', `${name}.js`));
  const versions = ['scripts/prebuild/toolchain/package-lock.json', 'node_modules/node-addon-api/package.json'];
  for (const file of [...sources, ...builder, ...versions]) {
    hash.update(`${file}\0`).update(readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

/** @param {import('./targets.js').Target} target @param {string} sources */
async function buildCached(target, sources) {
  const key = createHash('sha256').update(sources).update(JSON.stringify(target)).digest('hex');
  const cached = path.join(cache, `${key}.node`);
  if (!existsSync(cached)) {
    installToolchain();
    const start = Date.now();
    const unfinished = `${cached}.${process.pid}`;
    await build(target, unfinished);
    renameSync(unfinished, cached);
    console.error(`built ${target.file} in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  }
  return readFileSync(cached);
}

async function buildAll() {
  mkdirSync(cache, { recursive: true });
  const sources = hashSources();
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  const waiting = [...targets];
  const work = async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      files.set(target.file, await buildCached(target, sources));
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: availableParallelism() }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return files;
}

/** @param {boolean} isNew they are to become those of SHA256SUMS */
async function main(isNew) {
  const files = await buildAll();
  rmSync(folder, { recursive: true, force: true });
  for (const [name, file] of files) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), file);
  }
  const list = listChecksums(files);
  writeFileSync(path.join(folder, checksums), list);
  const committed = path.join(__dirname, checksums);
  const cannotRead = !isNew && missingTool();
  if (cannotRead) console.error(`not opened: ${cannotRead}; only compared with ${committed}`);
  else check(folder);
  if (isNew) writeFileSync(committed, list);
  if (readFileSync(committed, 'utf8') !== list) {
    throw new Error(`They are not those of ${committed}. If native/ was to change: npm run prebuilds -- --write`);
  }
}

main(process.argv.includes('--write')).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
