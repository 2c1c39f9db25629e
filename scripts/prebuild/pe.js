'use strict';
// What a Windows binary says about itself: https://learn.microsoft.com/windows/win32/debug/pe-format
const { textAt } = require('./text.js');

/** @typedef {{ name: string, address: number, size: number, offset: number }} Section */

const machines = new Map([
  [0x8664, 'x64'],
  [0xaa64, 'arm64'],
]);
const isDll = 0x2000;
const directory = { exports: 0, imports: 1, delayedImports: 13 };
const externalClass = 2;

/** @param {Buffer} file @returns {import('./types').Binary} */
exports.readPe = (file) => {
  const header = file.readUInt32LE(60);
  if (file.toString('latin1', 0, 2) !== 'MZ' || file.readUInt32LE(header) !== 0x4550) throw new Error('no PE file');
  const machine = file.readUInt16LE(header + 4);
  const optional = header + 24;
  const isWide = file.readUInt16LE(optional) === 0x20b;
  const sections = readSections(file, optional + file.readUInt16LE(header + 20), file.readUInt16LE(header + 6));
  /** @param {number} index */
  const table = (index) => {
    const address = file.readUInt32LE(optional + (isWide ? 112 : 96) + index * 8);
    return address === 0 ? undefined : fileOffset(sections, address);
  };
  return {
    machine: machines.get(machine) ?? `machine ${machine}`,
    bits: isWide ? 64 : 32,
    isLibrary: (file.readUInt16LE(header + 22) & isDll) !== 0,
    libraries: [
      ...readLibraries(file, sections, table(directory.imports), { size: 20, name: 12 }),
      ...readLibraries(file, sections, table(directory.delayedImports), { size: 32, name: 4 }),
    ],
    exports: readExports(file, sections, table(directory.exports)),
    fromHost: readHostSymbols(file, sections),
  };
};

/** @param {Buffer} file @param {number} start @param {number} count @returns {Section[]} */
function readSections(file, start, count) {
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * 40;
    return {
      name: shortTextAt(file, at),
      address: file.readUInt32LE(at + 12),
      size: file.readUInt32LE(at + 16),
      offset: file.readUInt32LE(at + 20),
    };
  });
}

/** Eight bytes, filled up with zeros. @param {Buffer} file @param {number} at */
function shortTextAt(file, at) {
  return file.toString('latin1', at, at + 8).replace(/\0+$/, '');
}

/** @param {readonly Section[]} sections @param {number} address as it will be in memory */
function fileOffset(sections, address) {
  const section = sections.find((one) => address >= one.address && address < one.address + one.size);
  if (section === undefined) throw new Error(`address ${address} is in no section`);
  return address - section.address + section.offset;
}

/**
 * @param {Buffer} file @param {readonly Section[]} sections @param {number | undefined} table
 * @param {{ size: number, name: number }} entry
 */
function readLibraries(file, sections, table, entry) {
  const names = [];
  for (let at = table; at !== undefined && file.readUInt32LE(at + entry.name) !== 0; at += entry.size) {
    names.push(textAt(file, fileOffset(sections, file.readUInt32LE(at + entry.name))));
  }
  return names;
}

/** @param {Buffer} file @param {readonly Section[]} sections @param {number | undefined} table */
function readExports(file, sections, table) {
  if (table === undefined) return [];
  const names = fileOffset(sections, file.readUInt32LE(table + 32));
  return Array.from({ length: file.readUInt32LE(table + 24) }, (_, index) =>
    textAt(file, fileOffset(sections, file.readUInt32LE(names + index * 4))),
  );
}

/**
 * native/windows_node.c looks them up in the program that loads the addon, and keeps their names in a section.
 * @param {Buffer} file @param {readonly Section[]} sections
 */
function readHostSymbols(file, sections) {
  const section = sections.find(({ name }) => name === '.nodeapi');
  if (section === undefined) return [];
  const names = file.toString('latin1', section.offset, section.offset + section.size);
  return names.split('\0').filter((name) => name !== '');
}

/** Of an object file: the names of its sections, and the symbols that it wants from others. @param {Buffer} file */
exports.readCoffObject = (file) => {
  const symbols = file.readUInt32LE(8);
  const count = file.readUInt32LE(12);
  const strings = symbols + count * 18;
  const wanted = [];
  for (let index = 0; index < count; ++index) {
    const at = symbols + index * 18;
    const isElsewhere = file.readUInt16LE(at + 12) === 0 && file.readUInt32LE(at + 8) === 0;
    const isShort = file.readUInt32LE(at) !== 0;
    if (isElsewhere && file[at + 16] === externalClass) {
      wanted.push(isShort ? shortTextAt(file, at) : textAt(file, strings + file.readUInt32LE(at + 4)));
    }
    index += file.readUInt8(at + 17); // auxiliary records
  }
  return { sections: readSections(file, 20, file.readUInt16LE(2)).map(({ name }) => name), wanted };
};
