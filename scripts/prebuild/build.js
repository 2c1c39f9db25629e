'use strict';
// Compiles and links one target. Paths are relative to the root, so that none gets into a binary.
const { execFile } = require('node:child_process');
const { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const { readGyp } = require('./gyp.js');
const { nodeHeaders, zig } = require('./toolchain.js');

const run = promisify(execFile);
const root = path.join(__dirname, '..', '..');
const cache = path.join(root, '.cache');
const ownSources = path.join('native', 'prebuilt');

const flags = [
  ...['-O2', '-g0', '-Werror', '-fno-exceptions', '-fno-rtti', '-ffunction-sections', '-fdata-sections'],
  ...['-fno-asynchronous-unwind-tables', '-fvisibility-global-new-delete=force-hidden'],
  ...['-DNDEBUG', '-DBUILDING_NODE_EXTENSION'],
];

/** Sections of what a C runtime calls before anything else. */
const initialisers = /\.(ctors|CRT\$XC)/;

/** @param {readonly string[]} args */
async function callZig(...args) {
  const caches = { ZIG_GLOBAL_CACHE_DIR: path.join(cache, 'zig'), ZIG_LOCAL_CACHE_DIR: path.join(cache, 'zig') };
  try {
    await run(zig, args, { cwd: root, env: { ...process.env, ...caches }, maxBuffer: 1e8 });
  } catch (cause) {
    const { stderr } = /** @type {{ stderr?: string }} */ (cause);
    throw new Error(`zig ${args.join(' ')}\n${stderr ?? String(cause)}`, { cause });
  }
}

/** @param {import('./targets.js').Target} target @param {string} output */
exports.build = async (target, output) => {
  const gyp = readGyp(root, target.os);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, 'objects-'));
  try {
    const compile = compiler(target, gyp, folder);
    const sources = gyp.sources.map((source) => path.join('native', source));
    const objects = [];
    for (const source of sources) objects.push(await compile(source));
    if (target.os === 'win') {
      writeFileSync(path.join(folder, 'node_symbols.inc'), nodeSymbols(objects));
      objects.push(await compile(path.join(ownSources, 'windows_node.c')));
    }
    objects.push(await compile(path.join(ownSources, target.os === 'win' ? 'windows_runtime.cc' : 'posix_runtime.cc')));

    const libraries = gyp.libraries.map((library) => `-l${path.basename(library, '.lib')}`);
    const linked = path.join(folder, 'tcp-keepalive.node'); // a DLL carries the name that it was linked with
    const inputs = [...objects, ...target.link, ...libraries];
    await callZig('cc', '-target', target.triple, '-shared', '-s', ...inputs, '-o', linked);
    writeFileSync(output, readFileSync(linked));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** @param {import('./targets.js').Target} target @param {ReturnType<typeof readGyp>} gyp @param {string} folder */
function compiler(target, gyp, folder) {
  const defines = [...gyp.defines, `NODE_GYP_MODULE_NAME=${gyp.name}`].map((define) => `-D${define}`);
  const include = ['node_modules/node-addon-api', path.relative(root, nodeHeaders)].flatMap((one) => ['-isystem', one]);
  const common = ['-target', target.triple, ...flags, ...target.compile, ...defines, ...include, '-I', folder];
  return async (/** @type {string} */ source) => {
    const object = path.join(folder, `${path.basename(source)}.o`);
    const isC = source.endsWith('.c');
    await callZig(isC ? 'cc' : 'c++', ...common, ...(isC ? [] : gyp.flags), '-c', source, '-o', object);
    return object;
  };
}

/**
 * The functions of Node's that these objects call, for native/windows_node.c. Names of more than eight letters stand in an
 * object file as they are.
 * @param {readonly string[]} objects
 */
function nodeSymbols(objects) {
  const names = new Set();
  for (const object of objects) {
    const text = readFileSync(object, 'latin1');
    if (initialisers.test(text)) throw new Error(`${object}: nothing would run its initialisers`);
    for (const [, name] of text.matchAll(/\0__imp_((napi|node_api|uv)_\w+)(?=\0)/g)) names.add(name);
  }
  return [...names]
    .sort()
    .map((name) => `NODE_SYMBOL(${name})\n`)
    .join('');
}
