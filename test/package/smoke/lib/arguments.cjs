'use strict';
// What the command line asks for, and where this runs.
const { isMainThread, workerData } = require('node:worker_threads');

const args = isMainThread ? process.argv.slice(2) : /** @type {string[]} */ (workerData);

/** The folder of the package; undefined: the installed one. */
exports.folder = args.find((arg) => !arg.startsWith('--'));
/** @param {string} flag */
exports.has = (flag) => args.includes(flag);
/** Cuts the link to the silent peer. */
exports.cut = args.find((arg) => arg.startsWith('--cut='))?.slice('--cut='.length);

exports.isLinux = process.platform === 'linux';
exports.isWindows = process.platform === 'win32';
exports.isBun = process.versions['bun'] !== undefined;
exports.isDeno = process.versions['deno'] !== undefined;
