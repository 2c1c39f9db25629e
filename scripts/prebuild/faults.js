'use strict';
// What can be wrong with a binary, seen without running it.
const { homedir, tmpdir } = require('node:os');
const path = require('node:path');
const { readElf } = require('./elf.js');
const { readMachO } = require('./macho.js');
const node = require('./node-symbols.json');
const { readPe } = require('./pe.js');

/** @typedef {import('./types').Binary} Binary @typedef {import('./types').Target} Target */

const readers = { ELF: readElf, 'Mach-O': readMachO, PE: readPe };
const entryPoints = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** @param {Target} target @param {Buffer} file @returns {Binary} */
exports.readBinary = (target, file) => readers[target.format](file);

/** Each begins with a verb; the file is its subject. @param {Target} target @param {Buffer} file @returns {string[]} */
exports.findFaults = (target, file) => {
  let binary;
  try {
    binary = exports.readBinary(target, file);
  } catch (error) {
    return [`cannot be read as ${target.format}: ${error instanceof Error ? error.message : String(error)}`];
  }
  return [
    ...kindFaults(target, binary),
    ...systemFaults(target, binary),
    ...exportFaults(target, binary),
    ...nodeFaults(target, binary),
    ...pathFaults(file),
    ...signatureFaults(target, binary),
  ];
};

/** @param {Target} target @param {Binary} binary */
function kindFaults(target, { machine, bits, isLibrary, hardFloat }) {
  const faults = [];
  if (machine !== target.arch) faults.push(`is for ${machine}, not for ${target.arch}`);
  if (bits !== target.bits) faults.push(`has ${bits} bits, not ${target.bits}`);
  if (!isLibrary) faults.push('is no shared library');
  if (target.format === 'ELF' && target.arch === 'arm' && !hardFloat) faults.push('has not the hard-float ABI');
  return faults;
}

/** @param {Target} target @param {Binary} binary */
function systemFaults(target, { libraries, versions = [], minimumOs }) {
  const unexpected = libraries.filter((library) => !target.libraries.includes(library));
  const faults = unexpected.map((library) => `needs ${library}, not only ${target.libraries.join(' and ')}`);
  for (const version of versions) {
    const [, glibc] = /^GLIBC_([\d.]+)$/.exec(version) ?? [];
    if (target.glibc === undefined || glibc === undefined) faults.push(`needs ${version}`);
    else if (isLater(glibc, target.glibc)) faults.push(`needs glibc ${glibc}, later than ${target.glibc}`);
  }
  if (minimumOs !== target.minimumOs) faults.push(`needs macOS ${minimumOs}, not ${target.minimumOs}`);
  return faults;
}

/** @param {string} one @param {string} other */
const isLater = (one, other) => one.localeCompare(other, 'en', { numeric: true }) > 0;

/** @param {Target} target @param {Binary} binary */
function exportFaults({ linkerExports = [] }, binary) {
  const expected = [...entryPoints, ...linkerExports];
  const missing = entryPoints.filter((name) => !binary.exports.includes(name));
  const unexpected = binary.exports.filter((name) => !expected.includes(name));
  return [...missing.map((name) => `does not export ${name}`), ...unexpected.map((name) => `exports ${name}`)];
}

/**
 * musl has no symbol versions, so that its own symbols look like Node's. `_Z` begins the names of C++: no libc has them.
 * @param {Target} target @param {Binary} binary
 */
function nodeFaults({ platform, arch, libc }, { fromHost }) {
  const called = fromHost.filter((name) => libc !== 'musl' || /^(napi_|node_api_|uv_|_Z)/.test(name));
  if (called.length === 0) return ['calls nothing of Node'];
  const real = Object.entries(node.platforms).find(([name]) => name === `${platform}-${arch}`)?.[1];
  if (real === undefined) return [`cannot be compared with Node: node-symbols.json has no ${platform}-${arch}`];
  /** @type {readonly string[]} */
  const lacks = real.lacks;
  const absent = called.filter((name) => !node.symbols.includes(name) || lacks.includes(name));
  return absent.map((name) => `calls ${name}, which ${real.source} does not have`);
}

/** @param {Buffer} file */
function pathFaults(file) {
  const text = file.toString('latin1');
  const here = [path.join(__dirname, '..', '..'), process.cwd(), homedir(), tmpdir()];
  const folders = new Set([...here.map((folder) => `${folder}${path.sep}`), '/home/', '/Users/', 'C:\\Users\\']);
  return [...folders].filter((folder) => text.includes(folder)).map((folder) => `contains a path below ${folder}`);
}

/** macOS runs nothing on arm64 that is not signed, if only by its linker. @param {Target} target @param {Binary} binary */
function signatureFaults({ format, arch }, { signature }) {
  if (format !== 'Mach-O' || arch !== 'arm64') return [];
  if (signature === undefined) return ['has no code signature'];
  const faults = signature.wrongPages.map((page) => `differs from what was signed in page ${page}`);
  if (!signature.coversAll) faults.push('has a code signature for a part of it only');
  if (!signature.adHoc) faults.push('has a code signature that is not ad hoc');
  return faults;
}
