'use strict';
// Started by heartbeat.js: a `ws` server with idle clients, half of which say something by themselves, four times in three intervals.
// Does nothing for some intervals, then finds out about them in the way that it is told, for some beside nothing and for one
// beside a 1 ms timer.
const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { applyKeepaliveToAll, defineProfile, disableKeepalive } = require('tcp-keepalive');
const { WebSocketHeartbeat } = require('tcp-keepalive/heartbeat');
const { WebSocket, WebSocketServer } = require('ws');
const { isIsolated } = require('../../test/support/network-namespace.js');
const { startChild } = require('./child.js');
const { watchedTimer } = require('./watched-timer.js');

/**
 * @typedef {'nothing' | 'loop' | 'heartbeat' | 'trusting' | 'keepalive'} Way
 *
 * @typedef {object} Run of one interval
 * @property {number} cpu seconds of this process, more than just before
 * @property {number} bytes of all IP packets in this network namespace, both directions, more than just before
 * @property {number} pings
 * @property {number} late milliseconds by which a 1 ms timer was late at worst
 * @property {number} held the most CPU time, in milliseconds, of this thread from one tick to the next
 */

const interval = 3; // seconds
const counted = 4; // intervals: fewer would catch the collector or not
const atOnce = 500; // below the backlog
const milliseconds = interval * 1000;
const profile = defineProfile({ initialDelay: milliseconds, interval: 2000, count: 5 });
/** A client's kernel has answered a probe before its turn to be pinged comes. */
const answersFirst = defineProfile({ initialDelay: milliseconds - 2000, interval: 2000, count: 5 });

let pings = 0;
class Client extends WebSocket {
  /** @override */
  ping() {
    pings += 1;
    super.ping();
  }
}

const server = http.createServer();
const sockets = new WebSocketServer({ server, WebSocket: Client });
let opened = 0;

/** @param {number} count */
async function open(count) {
  if (isIsolated) execFileSync('ip', ['link', 'set', 'lo', 'up']);
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4 * atOnce });
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  sockets.on('connection', (client) => {
    opened += 1;
    client.on('error', () => {});
    client.on('message', () => {});
  });
  const peers = startChild('heartbeat-clients.js');
  while (sockets.clients.size < count) {
    await peers.ask({ port, count: Math.min(atOnce, count - sockets.clients.size) });
  }
  await peers.ask({ speakEvery: 0.75 * milliseconds });
}

/** Each starts and answers how to stop. @type {Record<Way, () => Promise<() => void>>} */
const ways = {
  nothing: async () => () => {},
  // The README of ws 8, "How to detect and close broken connections?".
  loop: async () => {
    /** @type {WeakMap<import('ws').WebSocket, boolean>} */
    const alive = new WeakMap();
    /** @this {import('ws').WebSocket} */
    function heartbeat() {
      alive.set(this, true);
    }
    for (const client of sockets.clients) client.on('pong', heartbeat);
    const timer = setInterval(() => {
      sockets.clients.forEach((client) => {
        if (alive.get(client) === false) return client.terminate();
        alive.set(client, false);
        client.ping();
      });
    }, milliseconds);
    return () => {
      clearInterval(timer);
      for (const client of sockets.clients) client.off('pong', heartbeat);
    };
  },
  heartbeat: async () => {
    const heartbeat = new WebSocketHeartbeat(sockets, { interval: milliseconds, timeout: 2 * milliseconds });
    return () => heartbeat.stop();
  },
  trusting: async () => {
    const disable = await enable(answersFirst);
    const options = { interval: milliseconds, timeout: 2 * milliseconds, trustKernel: true };
    const heartbeat = new WebSocketHeartbeat(sockets, options);
    return () => {
      heartbeat.stop();
      disable();
    };
  },
  keepalive: () => enable(profile),
};

/** Returns what disables it. @param {import('tcp-keepalive').KeepaliveProfile} wanted */
async function enable(wanted) {
  await applyKeepaliveToAll([...sockets.clients].map(socketOf), wanted);
  return () => [...sockets.clients].forEach((client) => disableKeepalive(socketOf(client)));
}

/** @param {import('ws').WebSocket} client */
function socketOf(client) {
  return /** @type {{ _socket: import('node:net').Socket }} */ (/** @type {unknown} */ (client))._socket;
}

/** @param {Way} way @returns {Promise<Run>} */
async function run(way) {
  const before = await count(counted - 1); // just before, because what a message costs changes within minutes
  const stop = await ways[way]();
  await sleep(1.5 * milliseconds); // until all have had their first turn; then away from where the loop's timer fires
  const { cpu, bytes, sent } = await count(counted);
  const timer = watchedTimer();
  await timer.nextTick();
  timer.reset();
  await sleep(milliseconds);
  const worst = timer.stop();
  stop();
  await sleep(500);
  return { cpu: cpu - before.cpu, bytes: bytes - before.bytes, pings: sent, ...worst };
}

/** What an interval costs, counted over some. @param {number} intervals */
async function count(intervals) {
  const before = { cpu: process.cpuUsage(), bytes: octets(), pings };
  await sleep(intervals * milliseconds);
  const { user, system } = process.cpuUsage(before.cpu);
  return {
    cpu: (user + system) / 1e6 / intervals,
    bytes: (octets() - before.bytes) / intervals,
    sent: (pings - before.pings) / intervals,
  };
}

/** Of the IP packets that this network namespace received: on loopback that is what either side sent. */
function octets() {
  const [names = '', values = ''] = readFileSync('/proc/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('IpExt:'));
  return Number(values.split(' ')[names.split(' ').indexOf('InOctets')]);
}

process.on('message', async (/** @type {{ open?: number, way?: Way, lost?: true }} */ message) => {
  if (message.open !== undefined) {
    await open(message.open);
    process.send?.({ interval });
  }
  if (message.way !== undefined) process.send?.(await run(message.way));
  if (message.lost) process.send?.(opened - sockets.clients.size);
});
process.on('disconnect', () => process.exit());
