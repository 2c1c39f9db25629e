'use strict';
// `npm run long -- kernels [--short | --long] [--record] [CELL...]`: the package, packed and installed, on this machine's
// kernel ("host") and on kernels with HZ 100, 250, 300 and 1000 in emulation (scripts/install-tools.sh kernels). Prints one
// line for each case in each cell. --record writes test/profile/recorded-runs.json.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { mkdirSync } = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { installPacked } = require('../../../scripts/stranger.js');
const { isolation } = require('../../support/network-namespace.js');
const { buildKernels, cache } = require('./build.js');
const { casesOf } = require('./cases.js');
const { runInGuest } = require('./guest.js');
const { judge } = require('./judge.js');
const { record } = require('./record.js');

const { values, positionals } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const form = values.long ? 'long' : values.short ? 'short' : 'normal';
const cases = casesOf(form);
const rates = [100, 250, 300, 1000];
const cells = ['host', ...rates.map(String)];
const deadline = { short: 5, normal: 12, long: 17 }[form] * 60_000;

/** @param {string} cell @param {string} folder @returns {Promise<string>} what the program printed */
async function runCell(cell, folder) {
  const stagger = cell === 'host' ? '100' : '1000'; // an emulated machine is slow
  const program = [process.execPath, path.join(__dirname, 'program.js'), folder, form, stagger];
  const way = isolation();
  if ('reason' in way) throw new Error(way.reason);
  if (cell !== 'host') {
    const images = await kernels;
    const isolated = ['/usr/bin/env', 'TCP_KEEPALIVE_IN_NAMESPACE=1', ...program];
    const { output, said } = await runInGuest(
      images.get(Number(cell)) ?? '',
      isolated,
      path.join(cache, `guest-${cell}`),
      deadline,
    );
    return output.trim() === '' ? `{"failed":${JSON.stringify(said.slice(-6).join(' | '))}}` : output;
  }
  const [file = '', ...args] = [...way.command, ...program];
  const child = spawn(file, args, { env: way.env, stdio: ['ignore', 'pipe', 'inherit'], timeout: deadline });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await once(child, 'close');
  return output;
}

/** @param {string} cell @param {string} folder */
async function runAndPrint(cell, folder) {
  const output = await runCell(cell, folder);
  const lines = output
    .split(/\r?\n/)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const failed = lines.find((line) => 'failed' in line)?.failed;
  const clock = lines.find((line) => 'clock' in line)?.clock;
  if (failed !== undefined || clock === undefined) throw new Error(failed ?? `no clock in: ${output.slice(0, 500)}`);
  const runs = new Map(lines.filter((line) => 'case' in line).map((line) => [line.case, line]));
  const promises = createRequire(path.join(folder, 'package.json'))('tcp-keepalive');
  for (const case_ of cases) {
    const { ok, measured, bound } = judge(case_, runs, promises);
    print(ok, cell, clock.rate, case_.name, [measured, bound]);
  }
  return { kernel: kernelOf(cell), clock, runs };
}

/** @param {string} cell */
function kernelOf(cell) {
  return cell === 'host' ? os.release().replace(/-.*/, '') : '6.1';
}

/** @param {boolean} ok @param {string} cell @param {number | string} rate @param {string} name @param {string[]} details */
function print(ok, cell, rate, name, details) {
  if (!ok) process.exitCode = 1;
  const columns = [ok ? 'ok' : 'not ok', kernelOf(cell).padEnd(8), `HZ ${rate}`.padEnd(7), name.padEnd(46)];
  console.log(
    [columns[0]?.padEnd(6), ...columns.slice(1), details.filter((detail) => detail !== '').join('; ')].join('  '),
  );
}

const chosen = positionals.length === 0 ? cells : cells.filter((cell) => positionals.includes(cell));
mkdirSync(cache, { recursive: true });
const kernels = buildKernels(rates.filter((rate) => chosen.includes(String(rate))));

async function main() {
  if (chosen.length === 0) throw new Error(`no such cell; there are ${cells.join(', ')}`);
  const folder = path.join(cache, 'stranger');
  installPacked(folder, '--ignore-scripts');
  await kernels;
  // One after another: guests that wait for each other's cores are late, and their kernels' timers with them.
  const done = [];
  for (const cell of chosen) {
    try {
      done.push(await runAndPrint(cell, folder));
    } catch (error) {
      print(false, cell, cell, error instanceof Error ? error.message : String(error), []);
    }
  }
  if (values.record) record(done);
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
