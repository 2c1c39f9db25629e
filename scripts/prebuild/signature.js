'use strict';
// The signature in a macOS binary, with a hash of each page, which LLVM does not read: osfmk/kern/cs_blobs.h of xnu.
const { createHash } = require('node:crypto');

const codeDirectory = 0xfade0c02;
const sha256 = 2;
const adHocFlag = 2;

/**
 * @param {Buffer} file @param {number} start of the signature
 * @returns adHoc: it names no one; wrongPages: those that are not what was signed
 */
exports.readSignature = (file, start) => {
  for (let index = 0; index < file.readUInt32BE(start + 8); ++index) {
    const directory = start + file.readUInt32BE(start + 16 + index * 8);
    if (file.readUInt32BE(directory) !== codeDirectory || file[directory + 37] !== sha256) continue;
    const end = file.readUInt32BE(directory + 32);
    return {
      adHoc: (file.readUInt32BE(directory + 12) & adHocFlag) !== 0,
      coversAll: end === start,
      wrongPages: findWrongPages(file, directory, end),
    };
  }
  return undefined;
};

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
