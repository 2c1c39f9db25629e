'use strict';
// `npm run long -- NAME [ARGUMENT...]`: the long form of a test (test/README.md).
const { node } = require('./run.js');

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !['fuzz', 'kernels', 'soak', 'stress'].includes(name))
  throw new Error('npm run long -- fuzz|kernels|soak|stress');
node('scripts/build.js', 'native', 'ts', 'test');
node(`test/system/${name}/run.js`, ...args);
