'use strict';
// Bun is the only runtime for musl that npm has. It links with libstdc++, which Debian has for glibc only: a libstdc++ of
// just what Bun asks for, from the static library, which asks the C library for little that musl does not have.
const { execFileSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { cached } = require('./cache.js');

const loader = '/lib/ld-musl-x86_64.so.1'; // with musl, the C library, in it

/** What Debian's libstdc++ and libgcc want of glibc. */
const glibc = `
char __libc_single_threaded = 0;
int _dl_find_object(void* address, void* result) { (void)address; (void)result; return -1; }
extern long getrandom(void*, unsigned long, unsigned);
unsigned arc4random(void) { unsigned value = 0; getrandom(&value, sizeof(value), 0); return value; }
extern unsigned long getauxval(unsigned long);
unsigned long __getauxval(unsigned long type) { return getauxval(type); }
`;

/** @param {string} file @param {readonly string[]} args */
const lines = (file, ...args) => execFileSync(file, args, { encoding: 'utf8', maxBuffer: 1e8 }).split('\n');
/** @param {string} line */
const lastWord = (line) => (line.trim().split(/\s+/).pop() ?? '').replace(/@.*/, '');

/** @param {string} bun @param {string} folder */
function makeLibrary(bun, folder) {
  const offered = new Set(lines('nm', '-D', '--defined-only', loader).map(lastWord));
  const wanted = lines('nm', '-D', '--undefined-only', bun)
    .filter((line) => !line.includes(' w '))
    .map(lastWord);
  const copied = lines('readelf', '--relocs', '--wide', bun).filter((line) => line.includes('_COPY '));
  const names = [...wanted, ...copied.map((line) => (line.split(/\s+/)[4] ?? '').replace(/@.*/, ''))];
  const missing = [...new Set(names)].filter((name) => name !== '' && !offered.has(name));

  const source = path.join(folder, 'glibc.c');
  writeFileSync(source, glibc);
  const object = path.join(folder, 'glibc.o');
  execFileSync('gcc', ['-O2', '-fPIC', '-c', source, '-o', object]);
  /** @param {string} name */
  const ofCompiler = (name) => lines('gcc', `-print-file-name=${name}`)[0] ?? '';
  const output = path.join(folder, 'libstdc++.so.6');
  execFileSync('gcc', [
    ...['-shared', '-nostdlib', '-Wl,-soname,libstdc++.so.6', '-o', output],
    ...missing.map((name) => `-Wl,-u,${name}`),
    ...[ofCompiler('crtbeginS.o'), object],
    ...['libstdc++.a', 'libgcc_eh.a', 'libgcc.a', 'crtendS.o'].map(ofCompiler),
  ]);
}

/** How Bun for musl is called. @param {string} bun its file */
exports.muslCommand = (bun) => {
  const recipe = readFileSync(path.join(path.dirname(bun), '..', 'package.json'), 'utf8') + glibc;
  const folder = cached('musl', recipe, (folder) => makeLibrary(bun, folder));
  return [loader, '--library-path', folder, bun];
};
