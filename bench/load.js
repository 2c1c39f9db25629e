'use strict';
// What it adds to an empty script to load a package: whole processes, taken in turns.
const { spawnSync } = require('node:child_process');
const { packages } = require('./lib/packages.js');
const { shuffled } = require('./lib/shuffled.js');
const { median, spread } = require('./lib/statistics.js');

const spawns = 61;
const env = { ...process.env, TCP_KEEPALIVE_SERVERS: 'presence', TCP_KEEPALIVE_CONNECTIONS: 'presence' };

/** @typedef {{ name: string, args: readonly string[], target: number | undefined, times: number[] }} Row */

/** @param {string} name @param {readonly string[]} args @param {number} [target] @returns {Row} */
const row = (name, args, target) => ({ name, args, target, times: [] });

/** @param {string} name @param {string} [path] @param {number} [target] */
const requiring = (name, path = name, target = undefined) =>
  row(`require('${name}')`, ['-e', `require('${path}')`], target);

/** Milliseconds. @param {readonly string[]} args */
function time(args) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, args, { cwd: __dirname, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

exports.measureLoad = () => {
  const empty = row('empty script', ['-e', '']);
  const rows = [
    empty,
    requiring('tcp-keepalive', undefined, 4),
    row('--require tcp-keepalive/register', ['--require', 'tcp-keepalive/register', '-e', ''], 4),
    requiring('node:net'),
    ...packages.map(({ name }) => requiring(name, `./others/node_modules/${name}`)),
  ];
  for (let i = 0; i < spawns; ++i) {
    for (const { args, times } of shuffled(rows)) times.push(time(args));
  }
  return rows.map(({ name, target, times }) => ({
    name,
    target,
    took: median(times),
    more: spread(times.map((milliseconds, i) => milliseconds - (empty.times[i] ?? Number.NaN))),
  }));
};
