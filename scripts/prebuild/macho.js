'use strict';
// What a macOS binary says about itself: mach-o/loader.h of Apple's cctools, and for the signature osfmk/kern/cs_blobs.h
// of xnu. The signature is big-endian, the rest is not.
const { createHash } = require('node:crypto');
const { textAt } = require('./text.js');

const machines = new Map([
  [0x01000007, 'x64'],
  [0x0100000c, 'arm64'],
]);
const fileType = { dynamicLibrary: 6, bundle: 8 };
const command = {
  loadLibrary: 0xc,
  loadWeakLibrary: 0x80000018,
  reexportLibrary: 0x8000001f,
  signature: 0x1d,
  buildVersion: 0x32,
  dyldInfo: 0x80000022,
  exportsTrie: 0x80000033,
};
const bind = { setSpecialLibrary: 0x30, setSymbol: 0x40 };
/** How many numbers follow an instruction of dyld's. */
const bindNumbers = new Map([
  [0x20, 1],
  [0x60, 1],
  [0x70, 1],
  [0x80, 1],
  [0xa0, 1],
  [0xc0, 2],
]);
const anyLibrary = 0xe; // -2 in four bits: BIND_SPECIAL_DYLIB_FLAT_LOOKUP
const signatureFormat = { codeDirectory: 0xfade0c02, adHocFlag: 0x2, sha256: 2 };

/** @param {Buffer} file @returns {import('./types').Binary} */
exports.readMachO = (file) => {
  if (file.readUInt32LE(0) !== 0xfeedfacf) throw new Error('no 64-bit Mach-O file');
  const machine = file.readUInt32LE(4);
  const type = file.readUInt32LE(12);
  const commands = readCommands(file);
  /** @param {number} kind */
  const find = (kind) => commands.find((one) => one.kind === kind)?.at;
  const loads = [command.loadLibrary, command.loadWeakLibrary, command.reexportLibrary];
  const dyldInfo = find(command.dyldInfo);
  const version = find(command.buildVersion);
  return {
    machine: machines.get(machine) ?? `machine ${machine}`,
    bits: 64,
    isLibrary: type === fileType.dynamicLibrary || type === fileType.bundle,
    libraries: commands
      .filter(({ kind }) => loads.includes(kind))
      .map(({ at }) => textAt(file, at + file.readUInt32LE(at + 8))),
    minimumOs: version === undefined ? undefined : `${file.readUInt16LE(version + 14)}.${file[version + 13]}`,
    exports: readExports(file, find(command.exportsTrie), dyldInfo),
    fromHost: dyldInfo === undefined ? [] : readHostSymbols(file, dyldInfo),
    signature: readSignature(file, find(command.signature)),
  };
};

/** @param {Buffer} file */
function readCommands(file) {
  const commands = [];
  let at = 32;
  for (let left = file.readUInt32LE(16); left > 0; --left) {
    commands.push({ kind: file.readUInt32LE(at), at });
    at += file.readUInt32LE(at + 4);
  }
  return commands;
}

/** @param {string} name */
const withoutUnderscore = (name) => name.replace(/^_/, '');

/**
 * What dyld runs at load and at each first call: instructions of one byte that name a symbol and say where it is.
 * @param {Buffer} file @param {number} dyldInfo
 */
function readHostSymbols(file, dyldInfo) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const field of [dyldInfo + 16, dyldInfo + 32]) {
    const end = file.readUInt32LE(field) + file.readUInt32LE(field + 4);
    let name = '';
    let at = file.readUInt32LE(field);
    while (at < end) {
      const instruction = file.readUInt8(at) & 0xf0;
      const operand = file.readUInt8(at++) & 0x0f;
      if (instruction === bind.setSymbol) {
        name = textAt(file, at);
        at += name.length + 1;
      }
      if (instruction === bind.setSpecialLibrary && operand === anyLibrary) names.add(withoutUnderscore(name));
      for (let left = bindNumbers.get(instruction) ?? 0; left > 0; --left) [, at] = readLeb128(file, at);
    }
  }
  return [...names];
}

/**
 * The trie that dlsym walks: each node has its own data, then its children by the next piece of the name.
 * @param {Buffer} file @param {number | undefined} exportsTrie @param {number | undefined} dyldInfo
 */
function readExports(file, exportsTrie, dyldInfo) {
  const field = exportsTrie !== undefined ? exportsTrie + 8 : dyldInfo !== undefined ? dyldInfo + 40 : undefined;
  if (field === undefined || file.readUInt32LE(field + 4) === 0) return [];
  const start = file.readUInt32LE(field);
  /** @type {string[]} */
  const names = [];
  /** @param {number} node @param {string} prefix */
  const visit = (node, prefix) => {
    const [ownSize, own] = readLeb128(file, start + node);
    if (ownSize > 0) names.push(withoutUnderscore(prefix));
    let at = own + ownSize + 1;
    for (let children = file.readUInt8(own + ownSize); children > 0; --children) {
      const piece = textAt(file, at);
      const [child, next] = readLeb128(file, at + piece.length + 1);
      visit(child, prefix + piece);
      at = next;
    }
  };
  visit(0, '');
  return names;
}

/** @param {Buffer} file @param {number} at @returns {[value: number, next: number]} */
function readLeb128(file, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = file.readUInt8(at++);
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

/** @param {Buffer} file @param {number | undefined} signatureCommand */
function readSignature(file, signatureCommand) {
  if (signatureCommand === undefined) return undefined;
  const start = file.readUInt32LE(signatureCommand + 8);
  for (let index = 0; index < file.readUInt32BE(start + 8); ++index) {
    const directory = start + file.readUInt32BE(start + 16 + index * 8);
    if (file.readUInt32BE(directory) !== signatureFormat.codeDirectory) continue;
    if (file[directory + 37] !== signatureFormat.sha256) continue;
    const end = file.readUInt32BE(directory + 32);
    return {
      adHoc: (file.readUInt32BE(directory + 12) & signatureFormat.adHocFlag) !== 0,
      coversAll: end === start,
      wrongPages: findWrongPages(file, directory, end),
    };
  }
  return undefined;
}

/** @param {Buffer} file @param {number} directory @param {number} end of what is signed */
function findWrongPages(file, directory, end) {
  const hashes = directory + file.readUInt32BE(directory + 16);
  const pageSize = 2 ** file.readUInt8(directory + 39);
  const pages = Array.from({ length: Math.ceil(end / pageSize) }, (_, page) => page);
  if (pages.length !== file.readUInt32BE(directory + 28)) return pages;
  return pages.filter((page) => {
    const bytes = file.subarray(page * pageSize, Math.min((page + 1) * pageSize, end));
    const signed = file.subarray(hashes + page * 32, hashes + (page + 1) * 32);
    return !createHash('sha256').update(bytes).digest().equals(signed);
  });
}
