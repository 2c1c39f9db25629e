'use strict';
// Holds the list of system calls that each contender is measured against equal to what strace sees it make.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const scenarios = require('../scenarios.js');

/** The output of strace, or why there is none. @returns {{ output?: string, problem?: string }} */
function strace() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-bench-'));
  const file = path.join(folder, 'strace');
  const options = ['-f', '-o', file, '-e', 'trace=access,getsockopt,setsockopt'];
  try {
    const child = spawnSync('strace', [...options, process.execPath, path.join(__dirname, 'traced.js')]);
    if (child.error !== undefined) return { problem: child.error.message };
    if (child.status !== 0) return { problem: String(child.stderr).trim() };
    return { output: readFileSync(file, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The calls without their descriptor. @param {string} text */
function callsIn(text) {
  return Array.from(text.matchAll(/([gs]etsockopt)\(\d+, (.*)\) = (\S+)/g), ([, name, rest, result]) =>
    [name, rest, result].join(' '),
  );
}

/** @returns {{ problem?: string, rows: { title: string, name: string, gets: number, sets: number, same: boolean }[] }} */
exports.traceCalls = () => {
  const { output, problem } = strace();
  if (output === undefined) return { problem: problem ?? '', rows: [] };
  const runs = output.split('"mark: contender"').slice(1);
  const rows = Object.values(scenarios)
    .flat()
    .flatMap(({ title, contenders }) => contenders.map(({ name }) => ({ title, name })));
  return {
    rows: rows.map((row, index) => {
      const [byContender = '', byFloor = ''] = (runs[index] ?? '').split('"mark: floor"');
      const made = callsIn(byContender);
      const [wanted = ''] = byFloor.split('"mark: end"');
      return {
        ...row,
        gets: made.filter((call) => call.startsWith('get')).length,
        sets: made.filter((call) => call.startsWith('set')).length,
        same: String(made) === String(callsIn(wanted)),
      };
    }),
  };
};
