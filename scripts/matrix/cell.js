'use strict';
// One cell: the checks of smoke.cjs, and a silent peer in a network of its own, both by the cell's runtime.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, openSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { isolation } = require('../../test/support/network-namespace.js');
const { cache } = require('./cache.js');

const deadline = 240_000;
const register = path.join(__dirname, '..', '..', 'test', 'package', 'smoke', 'register.cjs');
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
  const smoke = [...program, 'smoke.cjs'];
  const checks = await run(log, refuses ? [...smoke, '--refuses'] : smoke, { cwd: folder });
  const problems = problemsOf('the checks', checks);
  if (!checks.lines.includes(`# ${version}`)) problems.push(`it is not ${version}`);
  const loaded = find(checks.lines, /^ok a binary of the package \((.*)\)/);
  if (binary !== loaded) problems.push(`it has loaded ${loaded}, and not ${binary}`);
  const done = checks.lines.filter((line) => line.startsWith('ok ')).length;
  if (refuses) return { problems, seen: [`refuses with ERR_KEEPALIVE_UNSUPPORTED (${done} checks)`] };

  const silent = await cutOff(`${log}.silent`, [...smoke, '--silent-peer'], folder);
  const registered = /^node-.*-x64$/.test(name)
    ? await cutOff(`${log}.register`, registering(program), folder)
    : undefined;
  const unsupported = checks.lines
    .map((line) => /^unsupported (.*?)(?:: | \()/.exec(line)?.[1])
    .filter((check) => check);
  return {
    problems: [...problems, ...silent.problems, ...(registered?.problems ?? [])],
    seen: [
      `${done} checks`,
      ...silent.seen,
      ...(registered?.seen.map((seen) => `register: ${seen}`) ?? []),
      ...(unsupported.length === 0 ? [] : [`unsupported: ${unsupported.join('; ')}`]),
    ],
  };
};

/** A program that does not know the package, under the register. @param {readonly string[]} program */
function registering(program) {
  const profiles = ['TCP_KEEPALIVE_SERVERS=2s/1s/3/5000ms', 'TCP_KEEPALIVE_CONNECTIONS=1s/1s/4/5000ms'];
  return ['env', ...profiles, ...program, '--import', 'tcp-keepalive/register', register];
}

/** A silent peer, in a namespace. @param {string} log @param {readonly string[]} command @param {string} folder */
async function cutOff(log, command, folder) {
  const way = isolation();
  if ('reason' in way) return { problems: [`no silent peer: ${way.reason}`], seen: [] };
  const driver = [...way.command, process.execPath, silentPeer, log, ...command];
  const outside = await run(`${log}.driver`, driver, { cwd: folder, env: way.env });
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split(/\r?\n/) : [];
  const problems = problemsOf('the silent peer', { ...outside, lines: [...outside.lines, ...lines] });
  const noticed = find(lines, /^ok a silent peer \((.*)\)$/);
  const asked = find(outside.lines, /^kernel (\d+)$/);
  if (noticed === undefined || asked === undefined) problems.push('no silent peer, or the kernel was not asked');
  return { problems, seen: [`${asked} sockets read back from the kernel`, `silent peer ${noticed}`] };
}

/** @param {string} what @param {Awaited<ReturnType<typeof run>>} outcome */
function problemsOf(what, { ended, good, lines }) {
  const problems = lines.filter((line) => line.startsWith('not ok'));
  if (!good) problems.push(`${what} ended with ${ended}, after: ${lines.slice(-5).join(' | ')}`);
  return problems;
}

/** @param {readonly string[]} lines @param {RegExp} pattern */
function find(lines, pattern) {
  return lines.map((line) => pattern.exec(line)?.[1]).find((match) => match !== undefined);
}
