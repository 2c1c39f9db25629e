'use strict';
// The cells of the matrix: a row for each package of linux/package.json and windows/package.json that is run.
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { muslCommand } = require('./musl.js');
const { windowsCommand } = require('./wine.js');

/**
 * @typedef {object} Cell
 * @property {string} name of the npm package in the file of its system
 * @property {'linux' | 'windows'} system
 * @property {string} version what smoke.cjs has to say first
 * @property {string} [binary] what it has to find loaded, where the system tells
 * @property {'qemu' | 'Wine 10'} [emulator]
 * @property {boolean} [refuses] the runtime cannot do anything, and says so
 * @property {(runtimes: string, stranger: string) => string[]} command runs a script in the current
 *   folder, the one where the package is installed
 */

const arm64 = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'];
const armv7 = ['qemu-arm-static', '-L', '/usr/arm-linux-gnueabihf'];
const ppc64 = ['qemu-ppc64le-static', '-L', '/usr/powerpc64le-linux-gnu'];
const s390x = ['qemu-s390x-static', '-L', '/usr/s390x-linux-gnu'];
const deno = ['run', '--allow-all', '--no-config'];

const glibc = 'linux-x64/tcp-keepalive.glibc.node';
const musl = 'linux-x64/tcp-keepalive.musl.node';
const glibcArm64 = 'linux-arm64/tcp-keepalive.armv8.glibc.node';
const glibcArmv7 = 'linux-arm/tcp-keepalive.armv7.glibc.node';
const glibcPpc64 = 'linux-ppc64/tcp-keepalive.glibc.node';
const glibcS390x = 'linux-s390x/tcp-keepalive.glibc.node';

/** @param {'linux' | 'windows'} system @param {string} name */
function versionOf(system, name) {
  const { dependencies } = JSON.parse(readFileSync(path.join(__dirname, system, 'package.json'), 'utf8'));
  const version = String(dependencies[name]).replace(/^.*@/, '');
  if (name.startsWith('node')) return `v${version}`;
  return `${name.startsWith('bun') ? 'Bun' : 'Deno'} ${version}`;
}

/**
 * @param {string} name @param {string} binary
 * @param {(file: string) => string[]} command
 * @param {string} [file] of the package
 * @returns {Cell}
 */
function linux(name, binary, command = (file) => [file], file = name.startsWith('bun') ? 'bin/bun' : 'bin/node') {
  return {
    name,
    system: 'linux',
    version: `${versionOf('linux', name)} ${path.dirname(binary)}`,
    binary,
    command: (runtimes) => command(path.join(runtimes, name, file)),
  };
}

/** @param {string} name @param {string} binary @param {readonly string[]} qemu and its options @returns {Cell} */
function emulated(name, binary, qemu) {
  return { ...linux(name, binary, (file) => [...qemu, file]), emulator: 'qemu' };
}

/** @param {string} name @param {readonly string[]} program its path in the package, and arguments @returns {Cell} */
function windows(name, [file = '', ...args]) {
  return {
    name,
    system: 'windows',
    emulator: 'Wine 10',
    version: `${versionOf('windows', name)} win32-x64`,
    command: (runtimes, stranger) => [...windowsCommand(runtimes, stranger), `Z:\\srv\\${name}\\${file}`, ...args],
  };
}

exports.cells = [
  linux('node-20-x64', glibc),
  linux('node-22-x64', glibc),
  linux('node-24.18-x64', glibc), // before setKeepAlive(options), of 24.19
  linux('node-24-x64', glibc),
  linux('node-26-x64', glibc),
  linux('bun-x64', glibc),
  linux('deno-x64', glibc, (file) => [file, ...deno], 'deno'),
  linux('bun-x64-musl', musl, muslCommand),
  emulated('node-20-arm64', glibcArm64, arm64),
  emulated('node-26-arm64', glibcArm64, arm64),
  emulated('bun-arm64', glibcArm64, arm64),
  emulated('node-20-armv7', glibcArmv7, armv7),
  emulated('node-20-ppc64le', glibcPpc64, ppc64),
  emulated('node-20-s390x', glibcS390x, s390x), // big-endian
  windows('node-20-windows', ['bin\\node.exe']),
  windows('node-22-windows', ['bin\\node.exe']),
  windows('node-24-windows', ['bin\\node.exe']),
  windows('node-26-windows', ['bin\\node.exe']),
  windows('bun-windows', ['bin\\bun.exe']),
  { ...windows('deno-windows', ['deno.exe', ...deno]), refuses: true },
];
