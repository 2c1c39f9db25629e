'use strict';
const { spawnSync } = require('node:child_process');
const { isolation } = require('../../test/support/network-namespace.js');

/** Runs this program again in a network namespace; throws if there can be none. @returns its exit code */
exports.runIsolated = () => {
  const way = isolation();
  if ('reason' in way) throw new Error(`${process.argv[1]} needs a network namespace: ${way.reason}`);
  const [file = '', ...args] = way.command;
  const { status } = spawnSync(file, [...args, process.execPath, ...process.argv.slice(1)], {
    env: way.env,
    stdio: 'inherit',
  });
  return status ?? 1;
};
