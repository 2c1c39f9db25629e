'use strict';
// Started by register.js: connects as often as it is told, all at once.
const { once } = require('node:events');
const net = require('node:net');

process.on('message', async (/** @type {{ port: number, connect: number }} */ { port, connect: count }) => {
  global.gc?.();
  const before = process.cpuUsage();
  const start = performance.now();
  const sockets = Array.from({ length: count }, () => net.connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const time = (performance.now() - start) * 1000;
  const { user, system } = process.cpuUsage(before);
  const closed = sockets.map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.resetAndDestroy();
  await Promise.all(closed);
  process.send?.({ time, cpu: user + system });
});
process.on('disconnect', () => process.exit());
