'use strict';
// What the benchmarks need besides the built package: the floor addon and the packages to compare with.
const { execFileSync } = require('node:child_process');
const { existsSync, statSync } = require('node:fs');
const path = require('node:path');
const { nodedir } = require('../../scripts/headers.js');

const root = path.join(__dirname, '..', '..');
const others = path.join(root, 'bench', 'others');

/** @param {string} command @param {string[]} args @param {string} cwd */
function run(command, args, cwd) {
  const env = nodedir === undefined ? process.env : { ...process.env, npm_config_nodedir: nodedir };
  execFileSync(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

exports.setUp = () => {
  run('npx', ['node-gyp', 'configure', 'build', '--silent', '--directory=bench/native'], root);
  const installed = path.join(others, 'node_modules', '.package-lock.json');
  const wanted = path.join(others, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  try {
    run('npm', ['ci', '--silent'], others);
  } catch (error) {
    console.log(`npm ci in bench/others failed (${String(error)}): nothing to compare with`);
  }
};
