'use strict';
// What a binary says about itself, as LLVM reads it: Debian's package llvm, whose output has not changed from 14 to 19.
const { spawnSync } = require('node:child_process');
const { readSignature } = require('./signature.js');

/**
 * @typedef {object} Binary
 * @property {boolean} isLibrary
 * @property {readonly string[]} libraries what it needs of the system
 * @property {readonly string[]} exports
 * @property {readonly string[]} fromHost what it calls and finds in no library of its own: in Node, then
 * @property {boolean} [hardFloat] ELF on arm
 * @property {readonly string[]} [versions] ELF: the versions of libraries that it needs
 * @property {string | undefined} [minimumOs] Mach-O
 * @property {ReturnType<typeof readSignature>} [signature] Mach-O
 */

/** Why this machine cannot read binaries; false if it can. */
exports.missingTool = () => {
  const missing = ['llvm-readobj', 'llvm-objdump'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
  return missing.length > 0 && `${missing.join(' and ')} missing: they are in Debian's package llvm`;
};

/**
 * By platform: how a file tells its format, which by CPU, the options of llvm-readobj, and who reads what it says.
 * @typedef {object} System
 * @property {RegExp} format
 * @property {Partial<Record<import('./targets.js').Target['arch'], string>>} formats
 * @property {readonly string[]} options
 * @property {(said: string, file: Buffer) => Binary} read
 */

/** @type {Record<import('./targets.js').Target['platform'], System>} */
const systems = {
  linux: {
    // Class (32 or 64 bits), byte order (2: big-endian) and machine: older LLVM has no name for loong64.
    format: /^ +(?:Class|DataEncoding|Machine): .*?(0x[\dA-F]+)\)?$/gm,
    formats: {
      x64: '0x2 0x1 0x3E',
      arm64: '0x2 0x1 0xB7',
      arm: '0x1 0x1 0x28',
      ppc64: '0x2 0x1 0x15',
      s390x: '0x2 0x2 0x16',
      riscv64: '0x2 0x1 0xF3',
      loong64: '0x2 0x1 0x102',
    },
    options: ['--needed-libs', '--version-info', '--dyn-symbols'],
    read: readElf,
  },
  darwin: {
    format: /^Format: (.*)$/gm,
    formats: { x64: 'Mach-O 64-bit x86-64', arm64: 'Mach-O arm64' },
    options: [],
    read: readMachO,
  },
  win32: {
    format: /^Format: (.*)$/gm,
    formats: { x64: 'COFF-x86-64', arm64: 'COFF-ARM64' },
    options: ['--coff-imports', '--coff-exports', '--string-dump=.nodeapi'],
    read: readPe,
  },
};

/** @param {import('./targets.js').Target} target @param {Buffer} file @returns {Binary} */
exports.readBinary = ({ platform, arch }, file) => {
  const { format, formats, options, read } = systems[platform];
  const said = ask('llvm-readobj', ['--file-headers', ...options], file);
  const found = all(said, format).join(' ');
  if (found !== formats[arch]) throw new Error(`it is ${found}, not ${formats[arch]}`);
  return read(said, file);
};

/** @param {string} said @returns {Binary} */
function readElf(said) {
  const symbol = /^ +Name: ([^@ ]*)(@*)[^]*?Binding: (\w+)[^]*?Section: (\S+)/gm;
  const symbols = [...said.matchAll(symbol)].map(([, name = '', version, binding, section]) => {
    return { name, isDefined: section !== 'Undefined', isAnyones: binding === 'Global' && version === '' };
  });
  return {
    isLibrary: /^ +Type: SharedObject /m.test(said),
    hardFloat: (Number(all(said, /^ +Flags \[ \((.*)\)$/gm)[0]) & 0x400) !== 0,
    libraries: all(said, /^NeededLibraries \[\n([^\]]*)^\]/gm).flatMap((lines) => lines.trim().split(/\n */)),
    versions: all(said.slice(said.indexOf('\nVersionRequirements [')), /^ +Name: (\S+)$/gm),
    exports: symbols.filter(({ isDefined }) => isDefined).map(({ name }) => name),
    // musl's symbols have no versions: there these are in the libc or in Node.
    fromHost: symbols.filter(({ isDefined, isAnyones }) => isAnyones && !isDefined).map(({ name }) => name),
  };
}

/** @param {string} said @param {Buffer} file @returns {Binary} */
function readMachO(said, file) {
  const more = ask('llvm-objdump', ['--macho', '--private-headers', '--exports-trie', '--bind', '--lazy-bind'], file);
  const [signature] = all(more, /cmd LC_CODE_SIGNATURE\n.*\n +dataoff (\d+)/g);
  return {
    isLibrary: /^ +FileType: (DynamicLibrary|Bundle) /m.test(said),
    libraries: all(more, /cmd LC_(?:LOAD|LOAD_WEAK|REEXPORT|LAZY_LOAD|LOAD_UPWARD)_DYLIB\n.*\n +name (\S+)/g),
    exports: all(more, /^0x[\dA-F]+ +_(\S+)$/gm),
    fromHost: [...new Set(all(more, / flat-namespace +_(\S+)$/gm))], // one can be in both tables
    minimumOs: all(more, /^ +minos (\S+)$/gm)[0],
    signature: signature === undefined ? undefined : readSignature(file, Number(signature)),
  };
}

/** @param {string} said @returns {Binary} */
function readPe(said) {
  return {
    isLibrary: / IMAGE_FILE_DLL /.test(said),
    libraries: all(said, /^(?:Delay)?Import \{\n +Name: (\S+)/gm),
    exports: all(said, /^Export \{\n.*\n +Name: (\S+)/gm),
    // native/windows_node.c looks them up in the program that loads the addon, and keeps their names in a section.
    fromHost: all(said, /^\[ *[\da-f]+\] (\w+)$/gm),
  };
}

/** @param {string} tool @param {readonly string[]} args @param {Buffer} input */
function ask(tool, args, input) {
  const { error, stderr, stdout } = spawnSync(tool, [...args, '-'], { input, encoding: 'utf8', maxBuffer: 1e8 });
  // LLVM only warns about what it leaves out.
  if (error !== undefined || stderr !== '') throw error ?? new Error(stderr.trim());
  return stdout;
}

/** What a pattern's first group matches, each time. @param {string} text @param {RegExp} pattern */
function all(text, pattern) {
  return [...text.matchAll(pattern)].map(([, group = '']) => group);
}
