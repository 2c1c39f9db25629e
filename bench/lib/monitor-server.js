'use strict';
// Started by monitor.js: holds live connections and looks at them in the way that it is told.
const { subscribe } = require('node:diagnostics_channel');
const { setTimeout: sleep } = require('node:timers/promises');
const { LivenessMonitor, applyKeepaliveToAll, lastHeard } = require('tcp-keepalive');
const { askLastHeard, longestBatch } = require('../../dist/socket/last-heard-batch.js');
const { openFleet } = require('./fleet-connections.js');
const { floor } = require('./floor.js');
const { watchedTimer } = require('./watched-timer.js');

/**
 * @typedef {'native' | 'batch' | 'loop'} Reading
 * @typedef {'heard' | 'silent' | 'nothing'} Peers
 *
 * @typedef {object} Watch
 * @property {number} share of one core, in percent
 * @property {number} late by how much a timer of 1 ms was late at worst, in milliseconds
 * @property {number} held the most CPU time of this thread from one tick of the timer to the next
 */

const checkEvery = 1000;
/** Peers answer a probe in each `initialDelay`, and so are `heard`; nobody speaks in each `checkEvery`. */
const profile = { initialDelay: 25_000, interval: 5_000, count: 9 };
const silentAfter = { heard: 30_000, silent: 1 };

/** @type {import('./fleet-connections.js').Fleet} */
let fleet;
let found = new Int32Array();

/** @type {Record<Reading, () => void>} */
const readings = {
  native: () => floor.lastHeard(fleet.descriptors, found),
  batch: () => {
    for (let first = 0; first < fleet.sockets.length; first += longestBatch) {
      const asked = fleet.sockets.slice(first, first + longestBatch);
      const answers = askLastHeard(asked);
      for (let i = 0; i < asked.length; i += 1) found[first + i] = answers[i] ?? 0;
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

/** One round of checks, from the middle between two to the next. @param {Peers} peers @returns {Promise<Watch>} */
async function watch(peers) {
  const monitor =
    peers === 'nothing' ? undefined : new LivenessMonitor({ silentAfter: silentAfter[peers], checkEvery });
  for (const socket of fleet.sockets) monitor?.watch(socket);
  await sleep(checkEvery * 1.5); // after the round that looks at each for the first time
  const before = process.cpuUsage();
  const start = performance.now();
  await sleep(checkEvery);
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 10 / (performance.now() - start);
  const timer = watchedTimer();
  for (let i = 0; i < 5; i += 1) await timer.nextTick();
  timer.reset();
  await (monitor === undefined ? sleep(checkEvery) : roundsEnd());
  await timer.nextTick();
  const { late, held } = timer.stop();
  monitor?.stop();
  return { share, late, held };
}

/** Until all have been heard by a probe. */
async function tune() {
  await applyKeepaliveToAll(fleet.sockets, profile);
  await sleep(1.2 * profile.initialDelay);
}

/** @type {() => void} */
let onSnapshot = () => {};
subscribe('tcp-keepalive:snapshot', () => onSnapshot());
/** @returns {Promise<void>} */
const roundsEnd = () => new Promise((resolve) => (onSnapshot = resolve));

/** @typedef {{ open?: number, read?: Reading, tune?: true, watch?: Peers }} Orders */
process.on('message', async (/** @type {Orders} */ orders) => {
  if (orders.open !== undefined) {
    fleet = await openFleet(orders.open);
    found = new Int32Array(fleet.sockets.length);
    process.send?.('open');
  }
  if (orders.read !== undefined) process.send?.(time(orders.read));
  if (orders.tune !== undefined) {
    await tune();
    process.send?.('tuned');
  }
  if (orders.watch !== undefined) process.send?.(await watch(orders.watch));
});
process.on('disconnect', () => process.exit());
