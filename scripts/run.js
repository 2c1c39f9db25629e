'use strict';
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { nodedir } = require('./headers.js');

const root = path.join(__dirname, '..');

/** In it programs of the dependencies are found, and by node-gyp the headers of the Node that runs this. */
exports.environment = {
  ...process.env,
  PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}`,
  ...(nodedir === undefined ? {} : { npm_config_nodedir: nodedir }),
};

/** Runs a program in the root; ends this process if it fails. @param {string} program @param {...string} args */
exports.run = (program, ...args) => {
  const shell = process.platform === 'win32' && program !== process.execPath; // for .cmd files
  const { error, status } = spawnSync(program, args, { cwd: root, env: exports.environment, shell, stdio: 'inherit' });
  if (error !== undefined) console.error(`${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
};

/** The same for a JavaScript file. @param {string} file @param {...string} args */
exports.node = (file, ...args) => exports.run(process.execPath, file, ...args);
