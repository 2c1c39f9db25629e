'use strict';
// Opens every binary in a folder. `npm run prebuilds` ends with it, so that `npm pack` fails with the first fault.
const { createHash } = require('node:crypto');
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { readBinary } = require('./binary.js');
const { findFaults } = require('./faults.js');
const { targets } = require('./targets.js');

/** Beside the binaries, as sha256sum writes and reads it. */
const checksums = 'SHA256SUMS';

/** @param {Buffer} file */
const sha256 = (file) => createHash('sha256').update(file).digest('hex');

/** @param {ReadonlyMap<string, Buffer>} files by name */
const listChecksums = (files) =>
  [...files]
    .map(([name, file]) => `${sha256(file)}  ${name}\n`)
    .sort()
    .join('');

/** Every fault in a folder of binaries; each begins with the name of the file. @param {string} folder */
function findFolderFaults(folder) {
  const present = readFolder(folder);
  const faults = targets.flatMap((target) => {
    const file = present.get(target.file);
    return (file === undefined ? ['is missing'] : findFaults(target, file)).map((fault) => `${target.file} ${fault}`);
  });
  const list = present.get(checksums)?.toString();
  present.delete(checksums);
  for (const name of present.keys()) {
    if (!targets.some(({ file }) => file === name)) faults.push(`${name} does not belong here`);
  }
  return [...faults, ...checksumFaults(present, list)];
}

/** @param {string} folder @returns {Map<string, Buffer>} */
function readFolder(folder) {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => path.extname(name) !== '' || name === checksums);
  return new Map(files.map((name) => [name.replaceAll(path.sep, '/'), readFileSync(path.join(folder, name))]));
}

/** @param {ReadonlyMap<string, Buffer>} files @param {string | undefined} list */
function checksumFaults(files, list) {
  if (list === undefined) return [`${checksums} is missing`];
  const lines = new Set(list.split('\n'));
  const wrong = [...files].filter(([name, file]) => !lines.has(`${sha256(file)}  ${name}`));
  return wrong.map(([name]) => `${name} does not have the checksum in ${checksums}`);
}

/** Prints one line for each binary, or throws every fault. @param {string} folder */
function check(folder) {
  const faults = findFolderFaults(folder);
  if (faults.length > 0) throw new Error([`${folder}:`, ...faults].join('\n  '));
  for (const target of targets) {
    const file = readFileSync(path.join(folder, target.file));
    const { libraries, versions = [] } = readBinary(target, file);
    const size = `${(file.length / 1000).toFixed(0)} kB`.padStart(6);
    console.error(`ok  ${target.file.padEnd(42)} ${size}  ${[...libraries, ...versions].join(' ')}`);
  }
}

module.exports = { check, checksums, findFolderFaults, listChecksums };
