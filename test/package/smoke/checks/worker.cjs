'use strict';
// The checks again, in a worker thread.
const assert = require('node:assert');
const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { folder } = require('../lib/arguments.cjs');
const { check } = require('../lib/check.cjs');

module.exports = async function worker() {
  await check('in a worker thread', async () => {
    const workerData = folder === undefined ? [] : [folder];
    const thread = new Worker(path.join(__dirname, '..', 'smoke.cjs'), { workerData });
    /** @type {string[]} */
    const lines = [];
    thread.on('message', (line) => void lines.push(line));
    const [status] = await once(thread, 'exit');
    const bad = lines.filter((line) => line.startsWith('not ok'));
    assert.deepStrictEqual([status, bad], [0, []]);
    const good = lines.filter((line) => line.startsWith('ok'));
    assert.notStrictEqual(good.length, 0);
    return `${good.length} checks ok`;
  });
};
