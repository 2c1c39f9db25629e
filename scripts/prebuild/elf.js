'use strict';
// What a Linux binary says about itself: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html, and for symbol
// versions https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
const { textAt } = require('./text.js');

/** @typedef {{ type: number, offset: number, size: number, link: number, entries: number }} Section */

const machines = new Map([
  [40, 'arm'],
  [62, 'x64'],
  [183, 'arm64'],
]);
const sectionType = { dynamic: 6, dynamicSymbols: 11, versionNeeds: 0x6ffffffe, symbolVersions: 0x6fffffff };
const neededTag = 1;
const sharedObject = 3;
const weakBinding = 2;
const hardFloatFlag = 0x400;

/** @param {Buffer} file @returns {import('./types').Binary} */
exports.readElf = (file) => {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[5] !== 1) throw new Error('no little-endian ELF file');
  const isWide = file[4] === 2;
  const machine = file.readUInt16LE(18);
  const sections = readSections(file, isWide);
  const symbols = readSymbols(file, isWide, sections);
  return {
    machine: machines.get(machine) ?? `machine ${machine}`,
    bits: isWide ? 64 : 32,
    isLibrary: file.readUInt16LE(16) === sharedObject,
    hardFloat: (file.readUInt32LE(isWide ? 48 : 36) & hardFloatFlag) !== 0,
    libraries: readLibraries(file, isWide, sections),
    versions: readVersionNeeds(file, sections),
    exports: symbols.filter((symbol) => symbol.isDefined).map(({ name }) => name),
    // musl's symbols have no versions: there these are in the libc or in Node.
    fromHost: symbols
      .filter(({ isDefined, isWeak, hasVersion }) => !isDefined && !isWeak && !hasVersion)
      .map(({ name }) => name),
  };
};

/** A field as wide as the binary's addresses. @param {Buffer} file @param {boolean} isWide @param {number} at */
function numberAt(file, isWide, at) {
  return isWide ? Number(file.readBigUInt64LE(at)) : file.readUInt32LE(at);
}

/** @param {Buffer} file @param {boolean} isWide @returns {Section[]} */
function readSections(file, isWide) {
  const start = numberAt(file, isWide, isWide ? 40 : 32);
  const size = file.readUInt16LE(isWide ? 58 : 46);
  return Array.from({ length: file.readUInt16LE(isWide ? 60 : 48) }, (_, index) => {
    const at = start + index * size;
    return {
      type: file.readUInt32LE(at + 4),
      offset: numberAt(file, isWide, at + (isWide ? 24 : 16)),
      size: numberAt(file, isWide, at + (isWide ? 32 : 20)),
      link: file.readUInt32LE(at + (isWide ? 40 : 24)),
      entries: file.readUInt32LE(at + (isWide ? 44 : 28)),
    };
  });
}

/** @param {readonly Section[]} sections @param {number} type */
function ofType(sections, type) {
  const section = sections.find((one) => one.type === type);
  return section && { ...section, strings: sections[section.link]?.offset ?? NaN };
}

/** @param {Buffer} file @param {boolean} isWide @param {readonly Section[]} sections */
function readLibraries(file, isWide, sections) {
  const dynamic = ofType(sections, sectionType.dynamic);
  const word = isWide ? 8 : 4;
  const libraries = [];
  for (let entry = 0; dynamic !== undefined && entry < dynamic.size; entry += 2 * word) {
    const at = dynamic.offset + entry;
    if (numberAt(file, isWide, at) !== neededTag) continue;
    libraries.push(textAt(file, dynamic.strings + numberAt(file, isWide, at + word)));
  }
  return libraries;
}

/** @param {Buffer} file @param {readonly Section[]} sections */
function readVersionNeeds(file, sections) {
  const needs = ofType(sections, sectionType.versionNeeds);
  const names = [];
  let at = needs?.offset ?? 0;
  for (let libraries = needs?.entries ?? 0; needs !== undefined && libraries > 0; --libraries) {
    let version = at + file.readUInt32LE(at + 8);
    for (let versions = file.readUInt16LE(at + 2); versions > 0; --versions) {
      names.push(textAt(file, needs.strings + file.readUInt32LE(version + 8)));
      version += file.readUInt32LE(version + 12);
    }
    at += file.readUInt32LE(at + 12);
  }
  return names;
}

/** @param {Buffer} file @param {boolean} isWide @param {readonly Section[]} sections */
function readSymbols(file, isWide, sections) {
  const table = ofType(sections, sectionType.dynamicSymbols);
  const versions = ofType(sections, sectionType.symbolVersions);
  const size = isWide ? 24 : 16;
  const symbols = [];
  for (let index = 1; table !== undefined && index < table.size / size; ++index) {
    const at = table.offset + index * size;
    symbols.push({
      name: textAt(file, table.strings + file.readUInt32LE(at)),
      isWeak: file.readUInt8(at + (isWide ? 4 : 12)) >> 4 === weakBinding,
      isDefined: file.readUInt16LE(at + (isWide ? 6 : 14)) !== 0,
      hasVersion: versions !== undefined && (file.readUInt16LE(versions.offset + index * 2) & 0x7fff) > 1,
    });
  }
  return symbols;
}
