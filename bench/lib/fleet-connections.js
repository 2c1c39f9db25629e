'use strict';
// Many live connections of this process, whose other ends are in a process of their own.
const { once } = require('node:events');
const net = require('node:net');
const { startChild } = require('./child.js');
const { descriptors } = require('./sockets.js');

/** @typedef {Awaited<ReturnType<typeof openFleet>>} Fleet */

const atOnce = 1000; // below the backlog

/** @param {number} count */
async function openFleet(count) {
  /** @type {net.Socket[]} */
  const sockets = [];
  let lost = 0;
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
  return { sockets, descriptors: descriptors(sockets), lost: () => lost };
}

module.exports = { openFleet };
