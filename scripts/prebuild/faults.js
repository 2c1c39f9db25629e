'use strict';
// What can be wrong with a binary, seen without running it.
const { homedir, tmpdir } = require('node:os');
const path = require('node:path');
// @ts-expect-error It has no types.
const { symbols } = require('node-api-headers');
const { readBinary } = require('./binary.js');

/** @typedef {import('./binary.js').Binary} Binary @typedef {import('./targets.js').Target} Target */

const entryPoints = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** What an addon of this version of Node-API may call; and of libuv what each Node 20 has, which only Windows needs. */
const { node_api_symbols: ofNode, js_native_api_symbols: ofJavaScript } = symbols.v8;
const ofLibuv = ['uv_fileno', 'uv_handle_get_type', 'uv_has_ref', 'uv_is_closing', 'uv_walk'];
const callable = new Set([...ofNode, ...ofJavaScript, ...ofLibuv]);

/** Each begins with a verb; the file is its subject. @param {Target} target @param {Buffer} file @returns {string[]} */
exports.findFaults = (target, file) => {
  let binary;
  try {
    binary = readBinary(target, file);
  } catch (error) {
    return [`cannot be read: ${error instanceof Error ? error.message : String(error)}`];
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
function kindFaults({ arch }, { isLibrary, hardFloat }) {
  const faults = isLibrary ? [] : ['is no shared library'];
  return arch === 'arm' && !hardFloat ? [...faults, 'has not the hard-float ABI'] : faults;
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
function nodeFaults({ libc }, { fromHost }) {
  const called = fromHost.filter((name) => libc !== 'musl' || /^(napi_|node_api_|uv_|_Z)/.test(name));
  if (called.length === 0) return ['calls nothing of Node'];
  return called.filter((name) => !callable.has(name)).map((name) => `calls ${name}, which not every Node has`);
}

/** @param {Buffer} file */
function pathFaults(file) {
  const text = file.toString('latin1');
  const here = [path.join(__dirname, '..', '..'), process.cwd(), homedir(), tmpdir()];
  const folders = new Set([...here.map((folder) => `${folder}${path.sep}`), '/home/', '/Users/', 'C:\\Users\\']);
  return [...folders].filter((folder) => text.includes(folder)).map((folder) => `contains a path below ${folder}`);
}

/** macOS runs nothing on arm64 that is not signed, if only by its linker. @param {Target} target @param {Binary} binary */
function signatureFaults({ platform, arch }, { signature }) {
  if (platform !== 'darwin' || arch !== 'arm64') return [];
  if (signature === undefined) return ['has no code signature'];
  const faults = signature.wrongPages.map((page) => `differs from what was signed in page ${page}`);
  if (!signature.coversAll) faults.push('has a code signature for a part of it only');
  if (!signature.adHoc) faults.push('has a code signature that is not ad hoc');
  return faults;
}
