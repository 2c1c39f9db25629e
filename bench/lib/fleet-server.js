'use strict';
// Started by fleet.js: holds the live connections and re-tunes them in the way that it is told, beside a 1 ms timer.
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { applyKeepalive, applyKeepaliveToAll, defineProfile } = require('tcp-keepalive');
const { startChild } = require('./child.js');
const { floor, packed, readAll, set, setAll } = require('./floor.js');
const { one, other, settings } = require('./profiles.js');
const { descriptors } = require('./sockets.js');
const { watchedTimer } = require('./watched-timer.js');

/**
 * @typedef {'native' | 'loop' | 'sliced' | 'short idle' | 'paced' | 'long idle'} Way
 *
 * @typedef {object} Run all in milliseconds
 * @property {number} took
 * @property {number} late by how much the timer was late at worst
 * @property {number} held the most CPU time of this thread from one tick of the timer to the next
 */

const atOnce = 1000; // below the backlog
const short = defineProfile({ initialDelay: 1000, interval: 1000, count: 5 });

/** @type {net.Socket[]} */
const sockets = [];
let lost = 0;
let fds = new Int32Array();
let holdsOne = false;

/** @param {number} count */
async function open(count) {
  const server = net.createServer((socket) => sockets.push(socket.on('error', () => (lost += 1)).resume()));
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4 * atOnce });
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  const peers = startChild('fleet-peers.js');
  while (sockets.length < count) {
    const wanted = Math.min(count, sockets.length + atOnce);
    await peers.ask({ port, count: wanted - sockets.length });
    while (sockets.length < wanted) await once(server, 'connection');
  }
  fds = descriptors(sockets);
}

/** To another profile than they hold, different in every option. @type {Record<Way, () => unknown>} */
const ways = {
  native: () => {
    const { one, other } = settings;
    floor.run(fds, packed([...readAll, set('enabled', 0), ...setAll(toggled() ? one : other)]));
  },
  loop: () => {
    const profile = toggled() ? one : other;
    for (const socket of sockets) applyKeepalive(socket, profile);
  },
  sliced: () => applyKeepaliveToAll(sockets, toggled() ? one : other, { spread: 0 }),
  'short idle': () => sleep(100),
  paced: () => applyKeepaliveToAll(sockets, short),
  'long idle': () => sleep(1000),
};

function toggled() {
  holdsOne = !holdsOne;
  return holdsOne;
}

/** @param {Way} way @returns {Promise<Run>} */
async function run(way) {
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
    await open(message.open);
    process.send?.('open');
  }
  if (message.way !== undefined) process.send?.(await run(message.way));
  if (message.lost) process.send?.(lost);
});
process.on('disconnect', () => process.exit());
