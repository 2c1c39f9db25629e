'use strict';
// What require('tcp-keepalive') adds to an empty script: whole processes, taken in turns.
const { spawnSync } = require('node:child_process');
const { median, quantile } = require('./lib/statistics.js');

const spawns = 31;

/** Milliseconds. @param {string} script */
function time(script) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, ['-e', script], { cwd: __dirname, stdio: 'inherit' });
  if (status !== 0) throw new Error(`node -e "${script}" ended with ${status}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

exports.measureLoad = () => {
  /** @type {number[]} */
  const empty = [];
  /** @type {number[]} */
  const loaded = [];
  for (let i = 0; i < spawns; ++i) {
    empty.push(time(''));
    loaded.push(time("require('tcp-keepalive')"));
  }
  const extra = loaded.map((milliseconds, i) => milliseconds - (empty[i] ?? Number.NaN));
  return {
    empty: median(empty),
    loaded: median(loaded),
    extra: median(loaded) - median(empty),
    low: quantile(extra, 0.25),
    high: quantile(extra, 0.75),
    target: 10,
  };
};
