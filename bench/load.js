'use strict';
// What it adds to an empty script to require a package: whole processes, taken in turns.
const { spawnSync } = require('node:child_process');
const { packages } = require('./lib/packages.js');
const { shuffled } = require('./lib/shuffled.js');
const { median, spread } = require('./lib/statistics.js');

const spawns = 31;

/** Milliseconds. @param {string} script */
function time(script) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, ['-e', script], { cwd: __dirname, stdio: 'inherit' });
  if (status !== 0) throw new Error(`node -e "${script}" ended with ${status}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

exports.measureLoad = () => {
  /** @type {{ name: string, script: string, target?: number, times: number[] }[]} */
  const rows = [
    { name: 'empty script', script: '', times: [] },
    { name: "require('tcp-keepalive')", script: "require('tcp-keepalive')", target: 10, times: [] },
    ...packages.map(({ name }) => ({
      name: `require('${name}')`,
      script: `require('./others/node_modules/${name}')`,
      times: [],
    })),
  ];
  for (let i = 0; i < spawns; ++i) {
    for (const { script, times } of shuffled(rows)) times.push(time(script));
  }
  const empty = rows[0]?.times ?? [];
  return rows.map(({ name, target, times }) => ({
    name,
    target,
    took: median(times),
    more: spread(times.map((milliseconds, i) => milliseconds - (empty[i] ?? Number.NaN))),
  }));
};
