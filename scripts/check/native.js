'use strict';
// `npm run check -- native`: the C++ and C of native/, the tests and the benchmarks through two compilers with every warning
// an error, native/ through clang-tidy (.clang-tidy says what is left out), and, over real sockets without Node
// (test/native/seam.cc), through valgrind and through clang's sanitizers.
const { execFileSync } = require('node:child_process');
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { nodedir } = require('../headers.js');
const { readGyp } = require('../prebuild/gyp.js');
const { driveSeam } = require('./seam.js');

const root = path.join(__dirname, '..', '..');
const output = path.join(root, '.cache', 'native');

if (nodedir === undefined) throw new Error('no headers beside this Node: set npm_config_nodedir');
const defines = [...readGyp(root, 'linux').defines, 'NODE_GYP_MODULE_NAME=addon'].map((define) => `-D${define}`);
const headers = [
  '-isystem',
  path.dirname(require.resolve('node-addon-api/napi.h')),
  '-isystem',
  path.join(nodedir, 'include/node'),
];
const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];

/** @param {string} folder @param {RegExp} pattern */
function files(folder, pattern) {
  const names = readdirSync(path.join(root, folder)).filter((name) => pattern.test(name));
  return names.map((name) => `${folder}/${name}`);
}
/** @param {string} file */
const isPosix = (file) => !/windows|darwin/.test(file);
const sources = files('native', /\.cc$/).filter(isPosix);
const others = ['test/native', 'bench/native'].flatMap((folder) => files(folder, /\.cc?$/));
const fuzzer = files('test/system/fuzz', /\.cc$/); // clang alone has the headers of libFuzzer

/** @param {string} file @param {readonly string[]} args */
function run(file, args) {
  execFileSync(file, args, { cwd: root, stdio: 'inherit' });
}

for (const [c, cxx, compiled] of /** @type {const} */ ([
  ['gcc', 'g++', [...sources, ...others]],
  ['clang', 'clang++', [...sources, ...others, ...fuzzer]],
])) {
  for (const source of compiled) {
    const language = source.endsWith('.c') ? [] : ['-std=c++17'];
    const compiler = source.endsWith('.c') ? c : cxx;
    run(compiler, [...language, '-O2', ...strict, ...defines, ...headers, '-c', source, '-o', '/dev/null']);
  }
  console.log(`${c}: no warning in ${compiled.length} files`);
}

const tidy = ['--quiet', ...sources, '--', '-std=c++17', ...defines, ...headers];
// Its count of what the headers of others would give goes to stderr.
execFileSync('clang-tidy', tidy, { cwd: root, stdio: ['ignore', 'inherit', 'ignore'] });
console.log(`clang-tidy: no finding in ${sources.length} files`);

const valgrind = ['valgrind', '--quiet', '--leak-check=full', '--error-exitcode=9'];
const sanitize = ['-O1', '-fsanitize=address,undefined,integer,nullability', '-fno-sanitize-recover=all'];
driveSeam(root, { compiler: 'g++', flags: ['-O0'], tool: valgrind, output: path.join(output, 'valgrind') });
driveSeam(root, { compiler: 'clang++', flags: sanitize, tool: [], output: path.join(output, 'sanitizers') });
