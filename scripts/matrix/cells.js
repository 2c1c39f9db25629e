'use strict';
// The cells of the matrix. `version` is what smoke.cjs says first, `binary` what it finds loaded; `command` runs a script
// in the current folder, the package's.
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { muslCommand } = require('./musl.js');
const { installRuntimes } = require('./runtimes.js');
const { windowsCommand } = require('./wine.js');

/**
 * @typedef {object} Cell
 * @property {string} name
 * @property {string} version
 * @property {string} [binary]
 * @property {(stranger: string) => string[]} command
 * @property {boolean} wine
 */

const arm64 = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'];
const armv7 = ['qemu-arm-static', '-L', '/usr/arm-linux-gnueabihf'];

const x64 = 'linux-x64/tcp-keepalive.glibc.node';
const onX64 = { platform: 'linux-x64', binary: x64 };
const onArm64 = { platform: 'linux-arm64', binary: 'linux-arm64/tcp-keepalive.armv8.glibc.node' };
const onArmv7 = { platform: 'linux-arm', binary: 'linux-arm/tcp-keepalive.armv7.glibc.node' };
const onMusl = { platform: 'linux-x64', binary: 'linux-x64/tcp-keepalive.musl.node' };

/** Packages of linux/package.json. @type {Record<string, { platform: string, binary: string, command: (folder: string) => string[] }>} */
const linux = {
  'node-20-x64': { ...onX64, command: (folder) => [`${folder}/bin/node`] },
  'node-22-x64': { ...onX64, command: (folder) => [`${folder}/bin/node`] },
  'node-24.18-x64': { ...onX64, command: (folder) => [`${folder}/bin/node`] },
  'node-24-x64': { ...onX64, command: (folder) => [`${folder}/bin/node`] },
  'node-26-x64': { ...onX64, command: (folder) => [`${folder}/bin/node`] },
  'bun-x64': { ...onX64, command: (folder) => [`${folder}/bin/bun`] },
  'deno-x64': {
    ...onX64,
    command: (folder) => [`${folder}/deno`, 'run', '-A', '--no-config'],
  },
  'bun-x64-musl': { ...onMusl, command: (folder) => muslCommand(`${folder}/bin/bun`) },
  'node-20-arm64': { ...onArm64, command: (folder) => [...arm64, `${folder}/bin/node`] },
  'node-26-arm64': { ...onArm64, command: (folder) => [...arm64, `${folder}/bin/node`] },
  'bun-arm64': { ...onArm64, command: (folder) => [...arm64, `${folder}/bin/bun`] },
  'node-20-armv7': { ...onArmv7, command: (folder) => [...armv7, `${folder}/bin/node`] },
};

/** Packages of windows/package.json, and their programs. @type {Record<string, string[]>} */
const windows = {
  'node-20': ['bin\\node.exe'],
  'node-22': ['bin\\node.exe'],
  'node-24': ['bin\\node.exe'],
  'node-26': ['bin\\node.exe'],
  bun: ['bin\\bun.exe'],
};

/** @param {'linux' | 'windows'} system @param {string} name of a package */
function versionOf(system, name) {
  const { dependencies } = JSON.parse(readFileSync(path.join(__dirname, system, 'package.json'), 'utf8'));
  const version = String(dependencies[name]).replace(/^.*@/, '');
  if (name.startsWith('node')) return `v${version}`;
  return `${name.startsWith('bun') ? 'Bun' : 'Deno'} ${version}`;
}

/** @type {Cell[]} */
exports.cells = [
  ...Object.entries(linux).map(([name, { platform, binary, command }]) => ({
    name,
    version: `${versionOf('linux', name)} ${platform}`,
    binary,
    command: () => command(path.join(installRuntimes('linux'), name)),
    wine: false,
  })),
  ...Object.entries(windows).map(([name, [program = '', ...args]]) => ({
    name: `${name}-windows`,
    version: `${versionOf('windows', name)} win32-x64`,
    command: (/** @type {string} */ stranger) => [
      ...windowsCommand(installRuntimes('windows'), stranger),
      `Z:\\srv\\${name}-win\\${program}`,
      ...args,
    ],
    wine: true,
  })),
];
