'use strict';
// What the benchmarks run on: the Node that runs them, and the newest one, of the npm package in bench/others.
const { existsSync } = require('node:fs');
const path = require('node:path');

/**
 * @typedef {object} RunOn
 * @property {string} name
 * @property {string} execPath
 * @property {boolean} onlyNode without the packages that are compared with
 */

const newest = `node-linux-${process.arch}`;
const folder = path.join(__dirname, '..', 'others', 'node_modules', newest);

/** @type {RunOn} */
exports.own = { name: `Node ${process.versions.node}`, execPath: process.execPath, onlyNode: false };

/** @type {RunOn | undefined} */
exports.newest = existsSync(folder)
  ? {
      name: `Node ${require(path.join(folder, 'package.json')).version}`,
      execPath: path.join(folder, 'bin', 'node'),
      onlyNode: true,
    }
  : undefined;

exports.all = exports.newest === undefined ? [exports.own] : [exports.own, exports.newest];

/** Does this process run for a row of the newest Node? */
exports.isOnlyNode = process.argv.includes('--only-node');

/** @param {RunOn} node */
exports.argumentsOf = ({ onlyNode }) => (onlyNode ? ['--only-node'] : []);
