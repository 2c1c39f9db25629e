'use strict';
// `node scripts/node-gyp.js ...`: node-gyp of this project, with the headers of the Node that runs it.
const { spawnSync } = require('node:child_process');
const { nodedir } = require('./headers.js');

const nodeGyp = require.resolve('node-gyp/bin/node-gyp.js');
const headers = nodedir === undefined ? [] : [`--nodedir=${nodedir}`];
const { status } = spawnSync(process.execPath, [nodeGyp, ...process.argv.slice(2), ...headers], { stdio: 'inherit' });
process.exit(status ?? 1);
