'use strict';
// npm run fuzz: native/ under libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer, then test/system/fuzz.test.ts, each
// for --seconds (600). With --native only the first, which test/system/fuzz-native.test.ts runs for some seconds.
const { execFileSync } = require('node:child_process');
const { mkdirSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { nodedir } = require('../../../scripts/headers.js');
const { readGyp } = require('../../../scripts/prebuild/gyp.js');

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, native: { type: 'boolean', default: false } },
});
const root = path.join(__dirname, '..', '..', '..');
const build = path.join(__dirname, 'build');

/** @param {string} folder @param {RegExp} pattern */
const files = (folder, pattern) =>
  readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => path.join(folder, name));

const harness = files(__dirname, /\.cc$/);
/** What is fuzzed, by its name: the addon of Linux, and one over a kernel that plays an old system. */
const targets = {
  linux: files(path.join(root, 'native'), /^(addon|keepalive|.*_(posix|linux))\.cc$/),
  'old-system': [path.join(root, 'test', 'native', 'old_system.cc'), '-DOLD_SYSTEM'],
};

/** @param {string} name @param {string[]} sources */
function compile(name, sources) {
  if (nodedir === undefined) throw new Error("Node's headers are not beside this node: set npm_config_nodedir");
  const flags = ['-std=c++17', '-g', '-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];
  const defines = [...readGyp(root, 'linux').defines, 'NODE_GYP_MODULE_NAME=fuzz'].map((define) => `-D${define}`);
  const includes = [
    `-I${path.join(nodedir, 'include', 'node')}`,
    `-I${path.dirname(require.resolve('node-addon-api/napi.h'))}`,
  ];
  const kernel = '-Wl,' + ['getsockopt', 'setsockopt', 'socket', 'close'].map((call) => `--wrap=${call}`).join(',');
  const program = path.join(build, name);
  const args = [...flags, ...defines, ...includes, ...harness, ...sources, kernel, '-o', program];
  execFileSync('clang++', args, { cwd: root, stdio: 'inherit' });
  return program;
}

for (const [name, sources] of Object.entries(targets)) {
  const corpus = path.join(build, `${name}.corpus`);
  mkdirSync(corpus, { recursive: true });
  const program = compile(name, sources);
  console.log(`${name}, ${values.seconds} s`);
  const limits = ['-max_len=4096', `-max_total_time=${values.seconds}`, '-print_final_stats=1', '-verbosity=1'];
  execFileSync(program, [...limits, `-artifact_prefix=${build}/`, corpus], { stdio: 'inherit' });
}

if (!values.native) {
  const tap = [require.resolve('tap/package.json').replace('package.json', 'dist/esm/run.mjs'), '--timeout=0'];
  const env = { ...process.env, FUZZ_SECONDS: values.seconds };
  execFileSync(process.execPath, [...tap, path.join(root, 'test', 'system', 'fuzz.test.ts')], {
    stdio: 'inherit',
    env,
  });
}
