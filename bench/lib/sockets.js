'use strict';
// Connected TCP pairs on loopback.
const { once } = require('node:events');
const net = require('node:net');

/** @typedef {{ accepted: net.Socket[], client: net.Socket[] }} Pairs */

const host = '127.0.0.1';
const atOnce = 128; // below every usual listen backlog

/** @param {number} count @returns {Promise<Pairs>} */
exports.openPairs = async (count) => {
  /** @type {Pairs} */
  const pairs = { accepted: [], client: [] };
  const server = net.createServer((socket) => pairs.accepted.push(socket.on('error', () => {})));
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  while (pairs.client.length < count) {
    const group = Array.from({ length: Math.min(atOnce, count - pairs.client.length) }, () => net.connect(port, host));
    await Promise.all(group.map((socket) => once(socket, 'connect')));
    pairs.client.push(...group);
    while (pairs.accepted.length < pairs.client.length) await once(server, 'connection');
  }
  server.close();
  return pairs;
};

/** With a reset, so that thousands of pairs leave no TIME_WAIT behind. @param {Pairs} pairs */
exports.closePairs = async ({ accepted, client }) => {
  const all = [...client, ...accepted];
  const closed = all.map((socket) => once(socket, 'close'));
  for (const socket of all) socket.resetAndDestroy();
  await Promise.all(closed);
};

/** @param {readonly net.Socket[]} sockets */
exports.descriptors = (sockets) => Int32Array.from(sockets, exports.descriptor);

/** @param {net.Socket} socket */
exports.descriptor = (socket) =>
  /** @type {{ _handle: { fd: number } }} */ (/** @type {unknown} */ (socket))._handle.fd;
