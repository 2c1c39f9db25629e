'use strict';
// Started by scale.js: holds connections whose peers answer keepalive probes, live or simulated ones, and watches them.
const { setTimeout: sleep } = require('node:timers/promises');
const { addon } = require('./addon.js'); // before tcp-keepalive
const { LivenessMonitor, applyKeepaliveToAll } = require('tcp-keepalive');
const { openFleet } = require('./fleet-connections.js');
const { simulatedFleet } = require('./simulated-fleet.js');
const { watchedTimer } = require('./watched-timer.js');

/** @typedef {{ silentAfter: number, checkEvery: number, settle: number, counted: number }} Watch in milliseconds */
/**
 * @typedef {object} Cost
 * @property {number} share of a core, in percent
 * @property {number} calls questions to the kernel in a second
 * @property {number} silent
 * @property {number} late by how much a timer of 1 ms was late at worst while each was looked at for the first time
 * @property {number} held the most CPU time of this thread from one tick of that timer to the next, in milliseconds
 * @property {number} bytes of memory that the monitor takes for a socket
 */

/** Milliseconds in which each was looked at for the first time, with room. */
const firstLooks = 2_000;

/** @type {import('node:net').Socket[]} */
const sockets = [];

let asked = 0;
let { lastHeard } = addon;
addon.lastHeard = (count) => {
  asked += count;
  lastHeard(count);
};

/** @param {Open} open */
async function open({ count, initialDelay, simulated }) {
  if (simulated) {
    const fleet = simulatedFleet(count, initialDelay);
    for (const socket of fleet.sockets) sockets.push(socket);
    ({ lastHeard } = fleet);
    return;
  }
  const fleet = await openFleet(count);
  await applyKeepaliveToAll(fleet.sockets, { initialDelay, interval: 2_000, count: 9 });
  sockets.push(...fleet.sockets);
}

/** Bytes that are in use. */
function memory() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** @param {Watch} watch @returns {Promise<Cost>} */
async function measure({ silentAfter, checkEvery, settle, counted }) {
  const unwatched = memory();
  const monitor = new LivenessMonitor({ silentAfter, checkEvery });
  for (const socket of sockets) monitor.watch(socket);
  const bytes = (memory() - unwatched) / sockets.length;
  const timer = watchedTimer();
  await sleep(firstLooks);
  const { late, held } = timer.stop();
  await sleep(settle);
  const before = { cpu: process.cpuUsage(), asked };
  const start = performance.now();
  await sleep(counted);
  const { user, system } = process.cpuUsage(before.cpu);
  const seconds = (performance.now() - start) / 1000;
  const { silent } = monitor.snapshot();
  monitor.stop();
  return { share: (user + system) / 1e4 / seconds, calls: (asked - before.asked) / seconds, silent, late, held, bytes };
}

/** @typedef {{ count: number, initialDelay: number, simulated?: true }} Open */
/** @typedef {{ open?: Open, watch?: Watch }} Orders */
process.on('message', async (/** @type {Orders} */ orders) => {
  if (orders.open !== undefined) {
    await open(orders.open);
    process.send?.('open');
  }
  if (orders.watch !== undefined) process.send?.(await measure(orders.watch));
});
process.on('disconnect', () => process.exit());
