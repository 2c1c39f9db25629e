'use strict';
// `npm run check [-- NAME [ARGUMENT...]]`: runs scripts/check/NAME.js. api, coverage, native, package, sanitizers; without a
// name those that take no more than some minutes.
const { existsSync } = require('node:fs');
const path = require('node:path');
const { node } = require('./run.js');

const [name, ...args] = process.argv.slice(2);
node('scripts/build.js', 'ts');
for (const check of name === undefined ? ['api', 'native', 'package'] : [name]) {
  const file = path.join(__dirname, 'check', `${check}.js`);
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  node(file, ...args);
}
