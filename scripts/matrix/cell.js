'use strict';
// One cell: the checks of smoke.cjs, and a silent peer in a network of its own, both by the cell's runtime.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { openSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { isolation } = require('../network-namespace.js');
const { cache } = require('./cache.js');

const deadline = 240_000;
const silentPeer = path.join(__dirname, 'silent-peer.js');

/**
 * What a program printed. Into a file: Node for Windows cannot write to a pipe of Wine's.
 * @param {string} log @param {readonly string[]} command @param {import('node:child_process').SpawnOptions} options
 */
async function run(log, [file = '', ...args], options) {
  const output = openSync(log, 'w');
  const child = spawn(file, args, {
    ...options,
    stdio: ['ignore', output, output],
    timeout: deadline,
    killSignal: 'SIGKILL',
  });
  const [status, signal] = await once(child, 'exit');
  return { ended: signal ?? `status ${status}`, good: status === 0, lines: readFileSync(log, 'utf8').split(/\r?\n/) };
}

/**
 * @param {import('./cells.js').Cell} cell @param {readonly string[]} program what a script is run with
 * @param {string} folder of the installed package
 * @returns {Promise<{ problems: string[], seen: string[] }>}
 */
exports.runCell = async ({ name, version, binary, refuses = false }, program, folder) => {
  const log = path.join(cache, `${name}.log`);
  const options = { cwd: folder };
  const checks = await run(log, [...program, 'smoke.cjs'], options);
  const way = isolation();
  if ('reason' in way) return { problems: [`no silent peer: ${way.reason}`], seen: [] };
  const inner = `${log}.silent`;
  const silentCommand = [...way.command, process.execPath, silentPeer, inner, ...program, 'smoke.cjs', '--silent-peer'];
  const silent = await run(`${log}.driver`, silentCommand, { ...options, env: way.env });

  const innerLines = readFileSync(inner, 'utf8').split(/\r?\n/);
  const all = [...checks.lines, ...silent.lines, ...innerLines];
  const problems = all.filter((line) => line.startsWith('not ok'));
  if (!checks.good) problems.push(`the checks ended with ${checks.ended}: ${checks.lines.slice(-5).join(' | ')}`);
  if (!silent.good) problems.push(`the silent peer ended with ${silent.ended}: ${innerLines.slice(-5).join(' | ')}`);
  if (!checks.lines.includes(`# ${version}`)) problems.push(`it is ${checks.lines[0]}, and not ${version}`);
  const loaded = find(checks.lines, /^ok a binary of the package \((.*)\)/);
  if (binary !== loaded) problems.push(`it has loaded ${loaded}, and not ${binary}`);
  const noticed = find(innerLines, /^ok a silent peer \(noticed after (\d+ ms)/);
  const asked = find(silent.lines, /^kernel (\d+)$/);
  if (!refuses && (noticed === undefined || asked === undefined)) {
    problems.push('no silent peer was noticed, or the kernel not asked');
  }
  const refused = all.map((line) => /^unsupported (.*?) \(/.exec(line)?.[1]).filter((check) => check !== undefined);
  if (refuses) return { problems, seen: [`refused with ERR_KEEPALIVE_UNSUPPORTED: ${new Set(refused).size} checks`] };
  return {
    problems,
    seen: [
      `${checks.lines.filter((line) => line.startsWith('ok ')).length} checks`,
      `${asked} sockets read back from the kernel`,
      `silent peer noticed after ${noticed}`,
      ...(refused.length === 0 ? [] : [`unsupported: ${refused.join('; ')}`]),
    ],
  };
};

/** @param {readonly string[]} lines @param {RegExp} pattern */
function find(lines, pattern) {
  return lines.map((line) => pattern.exec(line)?.[1]).find((match) => match !== undefined);
}
