'use strict';
// `npm run build [-- PART...]`. native: the addon. ts: src/ to dist/. test: the addons of the tests, and types of the tests.
// Without a part: native and ts.
const { rmSync } = require('node:fs');
const path = require('node:path');
const { node, run } = require('./run.js');

/** @param {string} folder of a binding.gyp */
const compile = (folder) => run('node-gyp', 'configure', 'build', '--loglevel=warn', `--directory=${folder}`);

/** @type {Record<string, () => void>} */
const parts = {
  native: () => compile('.'),
  ts() {
    rmSync(path.join(__dirname, '..', 'dist'), { recursive: true, force: true }); // what is left of a file would be packed
    run('tsc');
    run('tsc', '-p', 'src/browser');
    node('scripts/bundle.js');
  },
  test() {
    compile('test/native');
    run('tsc', '-p', 'test');
  },
};

const asked = process.argv.slice(2);
for (const name of asked.length === 0 ? ['native', 'ts'] : asked) {
  const build = parts[name];
  if (build === undefined) throw new Error(`${name} is not one of ${Object.keys(parts).join(', ')}`);
  build();
}
