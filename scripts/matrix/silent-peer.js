'use strict';
// silent-peer.js LOG COMMAND...: in a network namespace of its own. Runs smoke.cjs --silent-peer by COMMAND, its output
// in LOG. When it is ready: asks the kernel for what its sockets hold, then cuts the network.
const { execFileSync, spawn } = require('node:child_process');
const { openSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const [log = '', file = '', ...args] = process.argv.slice(2);

/** What was said in the lines that begin with this. @param {string} word */
function said(word) {
  const lines = readFileSync(log, 'utf8').split(/\r?\n/);
  return lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length).trim());
}

/** Compares "LOCAL:REMOTE SETTINGS" lines with the kernel's answers. @param {readonly string[]} held */
function askKernel(held) {
  const ports = held.map((line) => line.split(' ', 1)[0] ?? '');
  const reader = path.join(__dirname, 'socket-options.py');
  const answers = execFileSync('python3', [reader, ...ports], { encoding: 'utf8' })
    .trim()
    .split('\n');
  for (const [index, line] of held.entries()) {
    const [, expected] = /^\S+ (.*)$/.exec(line) ?? [];
    if (answers[index] !== expected) throw new Error(`the kernel holds ${answers[index]}, and not ${expected}`);
  }
  console.log(`kernel ${answers.length}`);
}

async function main() {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const output = openSync(log, 'w');
  const child = spawn(file, args, { stdio: ['ignore', output, output] });
  let running = true;
  const ended = new Promise((resolve, reject) => void child.once('error', reject).once('exit', resolve));
  void ended.finally(() => (running = false)).catch(() => undefined);
  /** @param {string} word */
  const saying = async (word) => {
    while (running && said(word).length === 0) await sleep(20);
  };
  try {
    await saying('held');
    if (running) askKernel(said('holds '));
    await saying('ready');
  } finally {
    execFileSync('ip', ['link', 'set', 'lo', 'down']);
  }
  process.exitCode = (await ended) === 0 ? 0 : 1;
}

main().catch((error) => {
  console.log(`not ok ${String(error.stderr ?? '')}${error.message}`);
  process.exitCode = 1;
});
