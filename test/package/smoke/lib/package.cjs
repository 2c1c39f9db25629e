'use strict';
// The package that is checked, and two profiles.
const { createRequire } = require('node:module');
const path = require('node:path');
const { folder } = require('./arguments.cjs');

const fromHere = createRequire(path.join(process.cwd(), 'smoke.cjs'));

/** @type {typeof import('../../../../dist/index.js')} */
exports.keepalive = fromHere(folder === undefined ? 'tcp-keepalive' : path.resolve(folder));
/** @type {typeof import('../../../../dist/heartbeat/index.js')} */
exports.heartbeat = fromHere(
  folder === undefined ? 'tcp-keepalive/heartbeat' : path.resolve(folder, 'dist', 'heartbeat'),
);

/** @typedef {{ initialDelay: number, interval: number, count: number, userTimeout?: number | 'match' }} Profile */

/** @type {Profile} */
exports.profile = { initialDelay: 33_000, interval: 7_000, count: 5 };
/** @type {Profile} */
exports.other = { initialDelay: 44_000, interval: 3_000, count: 6 };
