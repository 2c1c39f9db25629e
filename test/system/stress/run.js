'use strict';
// npm run stress: a million operations on sockets that come and go, by two installations of the package and with garbage
// collected after each as well, 1,000 workers and 50 processes that end in the middle of it. --short is what CI runs
// (test/system/stress.test.ts). --seed repeats the choices of a run; what the kernel and the clock choose is not repeated.
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const { cpSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs, promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const { generator } = require('../../support/random.js');

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const random = generator(seed);
const form = values.short
  ? { runs: 1, operations: 20_000, withCopies: 10_000, withGc: 300, workers: 40, exits: 5 }
  : { runs: 10, operations: 100_000, withCopies: 100_000, withGc: 20_000, workers: 1_000, exits: 50 };

const root = path.join(__dirname, '..', '..', '..');
const program = path.join(__dirname, 'operations.js');
const run = promisify(execFile);

/** @param {string} name @param {string[]} args @param {string[]} [flags] */
async function operate(name, args, flags = []) {
  const { stdout } = await run(process.execPath, [...flags, program, ...args]);
  console.log(`${name}: ${stdout.trim()}`);
}

/** Two installations, each with an addon of its own. @param {string} folder */
function install(folder) {
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return ['one', 'two'].map((name) => {
    const copy = path.join(folder, name);
    for (const part of ['package.json', 'dist', path.join('build', 'Release', 'tcp_keepalive.node')]) {
      cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
    }
    return copy;
  });
}

/** Not files: Node leaves some open that a terminated worker was reading its modules from. */
function openSockets() {
  return readdirSync('/proc/self/fd').filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith('socket:');
    } catch {
      return false; // the one that was read
    }
  }).length;
}

/** Ended while it loads, or in the middle of a call. @param {number} number */
async function startAndStop(number) {
  // The HTTP parser of Node 20 aborts the process when its worker is terminated ("ToLocalChecked Empty MaybeLocal").
  const argv = ['--seed', String(seed + number), '--without-http'];
  // Without the module hooks that tap puts into NODE_OPTIONS: Node leaves open what a loader was reading.
  const env = { ...process.env, NODE_OPTIONS: '' };
  const worker = new Worker(program, { argv, stderr: true, execArgv: [], env });
  let said = '';
  worker.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = once(worker, 'exit');
  if (random() < 0.3) await sleep(random() * 100);
  else {
    await Promise.race([once(worker, 'message'), ended]);
    await sleep(random() * 20);
  }
  await worker.terminate();
  await ended;
  if (said !== '') throw new Error(`worker ${number}: ${said}`);
}

/** @param {number} count */
async function endWorkers(count) {
  await startAndStop(0);
  const before = openSockets();
  const rss = process.memoryUsage.rss();
  let next = 1;
  const lane = async () => {
    while (next <= count) await startAndStop((next += 1));
  };
  await Promise.all([lane(), lane()]);
  // A worker's last sockets are closed after its 'exit'.
  const deadline = Date.now() + 10_000;
  while (openSockets() > before && Date.now() < deadline) await sleep(10);
  const left = openSockets() - before;
  const grown = (process.memoryUsage.rss() - rss) / 1e6;
  console.log(`${count} workers started and ended: ${left} sockets left, ${grown.toFixed(1)} MB more`);
  if (left !== 0) throw new Error(`${left} sockets are left`);
  // 40 workers were seen to leave 5 MB at most. AddressSanitizer keeps what was freed, and has no limit here.
  if (grown > 100 && process.env.ASAN_OPTIONS === undefined) throw new Error(`${grown} MB more`);
}

/** process.exit() in the middle, with monitors that watch. @param {number} count */
async function endProcesses(count) {
  const source = `setTimeout(() => process.exit(), Number(process.argv.pop())); require(${JSON.stringify(program)});`;
  for (let i = 0; i < count; i += 1) {
    const { stderr } = await run(process.execPath, ['-e', source, '--', '--seed', String(i), String(random() * 300)]);
    if (stderr !== '') throw new Error(stderr);
  }
  console.log(`${count} processes ended in the middle`);
}

async function main() {
  console.log(`seed ${seed}`);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tcp-keepalive-'));
  try {
    for (let i = 0; i < form.runs; i += 1) {
      await operate('one package', ['--seed', String(seed + i), '--operations', String(form.operations)]);
    }
    const copies = install(folder).join(',');
    const count = String(form.withCopies);
    await operate('two packages', ['--seed', String(seed), '--operations', count, '--copies', copies]);
    const gc = ['--seed', String(seed), '--operations', String(form.withGc), '--gc'];
    await operate('garbage collected after each', gc, ['--expose-gc']);
    await endWorkers(form.workers);
    await endProcesses(form.exits);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
