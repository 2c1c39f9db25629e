'use strict';
// Started by accept.js: a server for each lane. It sleeps until a lane's connections wait in the accept queue, so that
// the two processes never compete, then accepts them all.
const { once } = require('node:events');
const { readSync } = require('node:fs');
const net = require('node:net');
const { applyKeepalive, applyKeepaliveToServer } = require('tcp-keepalive');
const { packages } = require('./packages.js');
const { one, settings } = require('./profiles.js');

/**
 * @typedef {object} Lane
 * @property {string} name
 * @property {net.ServerOpts} [options]
 * @property {(socket: net.Socket) => void} [onConnection]
 * @property {boolean} [tuned]
 * @property {number} [turns] in a round: more where a ratio near 1 has to be told from 1
 * @property {number} [target] at least this ratio to the rate of the first
 */

/** @type {Lane[]} */
const lanes = [
  { name: 'untouched server', turns: 5 },
  { name: 'a second untouched server', turns: 5 },
  { name: 'applyKeepaliveToServer(server, profile)', tuned: true, turns: 5, target: 0.97 },
  { name: "applyKeepalive in 'connection'", onConnection: (socket) => void applyKeepalive(socket, one) },
  {
    name: 'Node createServer({ keepAlive: true, ... })',
    options: { keepAlive: true, keepAliveInitialDelay: settings.one.initialDelay },
  },
];
for (const { applying, apply } of packages) {
  lanes.push({ name: `${applying} in 'connection'`, onConnection: apply(settings.one) });
}

/** @type {net.Socket[]} */
let sockets = [];
let awaited = 0;
let onLast = () => {};

/** @param {net.Socket} socket */
function keep(socket) {
  sockets.push(socket.on('error', () => {}));
  if (sockets.length === awaited) onLast();
}

/** @param {Lane} lane @param {number} backlog */
async function listen({ name, options = {}, onConnection, tuned = false, turns = 1, target }, backlog) {
  const server = net.createServer(options, keep);
  if (onConnection !== undefined) server.prependListener('connection', onConnection);
  server.listen({ port: 0, host: '127.0.0.1', backlog });
  await once(server, 'listening');
  if (tuned && applyKeepaliveToServer(server, one).mode !== 'listener') throw new Error('the profile is not inherited');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  return { name, port, turns, target };
}

/** Microseconds of this process. @param {NodeJS.CpuUsage} before */
function cpuSince(before) {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** @param {number} count */
async function accept(count) {
  awaited = count;
  const last = new Promise((resolve) => (onLast = () => resolve(undefined)));
  global.gc?.();
  await new Promise((resolve) => process.send?.('asleep', resolve));
  readSync(0, Buffer.alloc(1));

  const before = process.cpuUsage();
  const start = performance.now();
  await last;
  const time = (performance.now() - start) * 1000;
  const cpu = cpuSince(before);

  const closed = sockets.map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.resetAndDestroy();
  await Promise.all(closed);
  sockets = [];
  return { time, cpu, lifeCpu: cpuSince(before) };
}

process.on('message', async (/** @type {{ listen?: number, accept?: number }} */ message) => {
  if (message.accept !== undefined) process.send?.(await accept(message.accept));
  const { listen: backlog } = message;
  const wanted = process.argv.includes('--only-untouched') ? lanes.slice(0, 1) : lanes;
  if (backlog !== undefined) process.send?.(await Promise.all(wanted.map((lane) => listen(lane, backlog))));
});
process.on('disconnect', () => process.exit());
