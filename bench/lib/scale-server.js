'use strict';
// Started by scale.js: holds live connections whose peers answer keepalive probes, and watches them.
const { setTimeout: sleep } = require('node:timers/promises');
const { LivenessMonitor, applyKeepaliveToAll } = require('tcp-keepalive');
const { binding } = require('../../dist/addon/binding.js');
const { openFleet } = require('./fleet-connections.js');

/** @typedef {{ silentAfter: number, checkEvery: number, settle: number, counted: number }} Watch in milliseconds */
/** @typedef {{ share: number, calls: number, silent: number }} Cost share: of a core, in percent; calls: a second */

/** @type {import('node:net').Socket[]} */
const sockets = [];

let asked = 0;
const { lastHeard } = binding;
binding.lastHeard = (count) => {
  asked += count;
  lastHeard(count);
};

/** @param {number} count @param {number} initialDelay */
async function open(count, initialDelay) {
  const fleet = await openFleet(count);
  await applyKeepaliveToAll(fleet.sockets, { initialDelay, interval: 2_000, count: 9 });
  sockets.push(...fleet.sockets);
}

/** @param {Watch} watch @returns {Promise<Cost>} */
async function measure({ silentAfter, checkEvery, settle, counted }) {
  const monitor = new LivenessMonitor({ silentAfter, checkEvery });
  for (const socket of sockets) monitor.watch(socket);
  await sleep(settle); // after the round that looks at each for the first time
  const before = { cpu: process.cpuUsage(), asked };
  const start = performance.now();
  await sleep(counted);
  const { user, system } = process.cpuUsage(before.cpu);
  const seconds = (performance.now() - start) / 1000;
  const { silent } = monitor.snapshot();
  monitor.stop();
  return { share: (user + system) / 1e4 / seconds, calls: (asked - before.asked) / seconds, silent };
}

/** @typedef {{ open?: { count: number, initialDelay: number }, watch?: Watch }} Orders */
process.on('message', async (/** @type {Orders} */ orders) => {
  if (orders.open !== undefined) {
    await open(orders.open.count, orders.open.initialDelay);
    process.send?.('open');
  }
  if (orders.watch !== undefined) process.send?.(await measure(orders.watch));
});
process.on('disconnect', () => process.exit());
