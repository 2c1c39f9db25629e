'use strict';
// Started by monitor.js: holds live connections and looks at them in the way that it is told.
const { subscribe } = require('node:diagnostics_channel');
const { setTimeout: sleep } = require('node:timers/promises');
const { LivenessMonitor, lastHeard } = require('tcp-keepalive');
const { askLastHeard, longestBatch } = require('../../dist/socket/last-heard-batch.js');
const { openFleet } = require('./fleet-connections.js');
const { floor } = require('./floor.js');
const { watchedTimer } = require('./watched-timer.js');

/**
 * @typedef {'native' | 'batch' | 'loop'} Reading
 *
 * @typedef {object} Watch
 * @property {number} share of one core, in percent
 * @property {number} late by how much a timer of 1 ms was late at worst, in milliseconds
 * @property {number} held the most CPU time of this thread from one tick of the timer to the next
 */

const checkEvery = 1000;

/** @type {import('./fleet-connections.js').Fleet} */
let fleet;
let found = new Int32Array();

/** @type {Record<Reading, () => void>} */
const readings = {
  native: () => floor.lastHeard(fleet.descriptors, found),
  batch: () => {
    for (let place = 0; place < fleet.sockets.length; place += longestBatch) {
      const answers = askLastHeard(fleet.sockets.slice(place, place + longestBatch));
      found.set(answers.subarray(0, Math.min(longestBatch, fleet.sockets.length - place)), place);
    }
  },
  loop: () => {
    for (let i = 0; i < fleet.sockets.length; i += 1) found[i] = lastHeard(/** @type {any} */ (fleet.sockets[i])) ?? 0;
  },
};

/** Microseconds for each socket. @param {Reading} reading */
function time(reading) {
  const start = process.hrtime.bigint();
  readings[reading]();
  return Number(process.hrtime.bigint() - start) / fleet.sockets.length / 1000;
}

/** One round of checks, from the middle between two to the next. @param {boolean} watched @returns {Promise<Watch>} */
async function watch(watched) {
  const monitor = new LivenessMonitor({ silentAfter: 3_600_000, checkEvery });
  if (watched) for (const socket of fleet.sockets) monitor.watch(socket);
  await sleep(checkEvery / 2);
  const before = process.cpuUsage();
  const start = performance.now();
  await sleep(checkEvery);
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 10 / (performance.now() - start);
  const timer = watchedTimer();
  for (let i = 0; i < 5; i += 1) await timer.nextTick();
  timer.reset();
  await (watched ? roundsEnd() : sleep(checkEvery));
  await timer.nextTick();
  const { late, held } = timer.stop();
  monitor.stop();
  return { share, late, held };
}

/** @type {() => void} */
let onSnapshot = () => {};
subscribe('tcp-keepalive:snapshot', () => onSnapshot());
/** @returns {Promise<void>} */
const roundsEnd = () => new Promise((resolve) => (onSnapshot = resolve));

process.on('message', async (/** @type {{ open?: number, read?: Reading, watch?: boolean }} */ message) => {
  if (message.open !== undefined) {
    fleet = await openFleet(message.open);
    found = new Int32Array(fleet.sockets.length);
    process.send?.('open');
  }
  if (message.read !== undefined) process.send?.(time(message.read));
  if (message.watch !== undefined) process.send?.(await watch(message.watch));
});
process.on('disconnect', () => process.exit());
