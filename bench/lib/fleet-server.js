'use strict';
// Started by fleet.js: holds the live connections and re-tunes them in the way that it is told, beside a 1 ms timer.
const { setTimeout: sleep } = require('node:timers/promises');
const { applyKeepalive, applyKeepaliveToAll, defineProfile } = require('tcp-keepalive');
const { openFleet } = require('./fleet-connections.js');
const { floor, get, packed, readAll, set, setAll } = require('./floor.js');
const { one, other, settings } = require('./profiles.js');
const { watchedTimer } = require('./watched-timer.js');

/**
 * @typedef {'native' | 'loop' | 'node' | 'sliced' | 'short idle' | 'paced' | 'long idle'} Way
 *
 * @typedef {object} Run all in milliseconds
 * @property {number} took
 * @property {number} late by how much the timer was late at worst
 * @property {number} held the most CPU time of this thread from one tick of the timer to the next
 */

const short = defineProfile({ initialDelay: 1000, interval: 1000, count: 5 });

/** @type {import('./fleet-connections.js').Fleet} */
let fleet;
let holdsOne = false;
let nodeRuns = 0;

/** To another profile than they hold, different in every option. @type {Record<Way, () => unknown>} */
const ways = {
  native: () => {
    const { one, other } = settings;
    floor.run(
      fleet.descriptors,
      packed([...readAll, get('tcpInfo'), set('enabled', 0), ...setAll(toggled() ? one : other)]),
    );
  },
  loop: () => {
    const profile = toggled() ? one : other;
    for (const socket of fleet.sockets) applyKeepalive(socket, profile);
  },
  node: () => {
    const { initialDelay } = toggled() ? settings.one : settings.other;
    // Never the delay that Node believes to be set: it would make no call.
    nodeRuns += 1;
    for (const socket of fleet.sockets) socket.setKeepAlive(true, initialDelay + 1000 * (nodeRuns % 10));
  },
  sliced: () => applyKeepaliveToAll(fleet.sockets, toggled() ? one : other, { spread: 0 }),
  'short idle': () => sleep(100),
  paced: () => applyKeepaliveToAll(fleet.sockets, short),
  'long idle': () => sleep(1000),
};

function toggled() {
  holdsOne = !holdsOne;
  return holdsOne;
}

/** @param {Way} way @returns {Promise<Run>} */
async function run(way) {
  // The other ways changed the sockets without this package, which would first ask whether its own settings still hold.
  if (way === 'loop' || way === 'sliced') {
    for (const socket of fleet.sockets) applyKeepalive(socket, holdsOne ? one : other);
  }
  const timer = watchedTimer();
  for (let i = 0; i < 5; i += 1) await timer.nextTick();
  timer.reset();
  const start = performance.now();
  await ways[way]();
  const took = performance.now() - start;
  await timer.nextTick();
  const worst = timer.stop();
  // Not to be probed every second by now.
  if (way === 'paced') await ways.sliced();
  return { took, ...worst };
}

process.on('message', async (/** @type {{ open?: number, way?: Way, lost?: true }} */ message) => {
  if (message.open !== undefined) {
    fleet = await openFleet(message.open);
    process.send?.('open');
  }
  if (message.way !== undefined) process.send?.(await run(message.way));
  if (message.lost) process.send?.(fleet.lost());
});
process.on('disconnect', () => process.exit());
