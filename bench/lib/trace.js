'use strict';
// Holds the list of system calls that each contender is measured against equal to what strace sees it make.
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { argumentsOf } = require('./nodes.js');

/** The output of strace, or why there is none. @param {import('./nodes.js').RunOn} node @returns {{ output?: string, problem?: string }} */
function strace(node) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-bench-'));
  const file = path.join(folder, 'strace');
  const options = ['-f', '-s', '200', '-o', file, '-e', 'trace=?access,?faccessat,getsockopt,setsockopt'];
  const script = [path.join(__dirname, 'traced.js'), ...argumentsOf(node)];
  try {
    const child = spawnSync('strace', [...options, node.execPath, ...script]);
    if (child.error !== undefined) return { problem: child.error.message };
    if (child.status !== 0) return { problem: String(child.stderr).trim() };
    return { output: readFileSync(file, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The calls without their descriptor, and without what TCP_INFO tells. @param {string} text */
function callsIn(text) {
  return Array.from(text.matchAll(/([gs]etsockopt)\(\d+, (.*)\) = (\S+)/g), ([, name, rest, result]) =>
    [name, rest?.replace(/(TCP_INFO), .*/, '$1'), result].join(' '),
  );
}

/**
 * Those that made other calls than their C loop.
 * @param {import('./nodes.js').RunOn} node
 */
exports.traceCalls = (node) => {
  const { output, problem } = strace(node);
  if (output === undefined) return { node: node.name, problem, traced: 0, different: [] };
  const runs = output.split('"mark: contender: ').slice(1);
  const different = runs.flatMap((run) => {
    const [byContender = '', rest = ''] = run.split('"mark: floor"');
    const [byFloor = ''] = rest.split('"mark: end"');
    const [made, wanted] = [callsIn(byContender), callsIn(byFloor)];
    const [name = ''] = run.split('"');
    return String(made) === String(wanted) ? [] : [`${name}: strace saw ${made.join('; ')}`];
  });
  return { node: node.name, traced: runs.length, different };
};
