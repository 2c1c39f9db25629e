'use strict';
// Started by register.js: the primary of a round-robin cluster of one worker. It answers as accept-server.js does, with the
// CPU time of both processes.
const cluster = /** @type {import('node:cluster').Cluster} */ (/** @type {unknown} */ (require('node:cluster')));
const { once } = require('node:events');
const { readSync } = require('node:fs');
const net = require('node:net');

/** Microseconds of this process. @param {NodeJS.CpuUsage} [before] */
function cpu(before) {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function bePrimary() {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const worker = cluster.fork();
  /** @param {object} message @returns {Promise<any>} */
  const ask = async (message) => {
    worker.send(message);
    return (await once(worker, 'message'))[0];
  };

  /** @param {number} count */
  async function accept(count) {
    await ask({ expect: count });
    global.gc?.();
    await new Promise((resolve) => process.send?.('asleep', resolve));
    readSync(0, Buffer.alloc(1));
    const before = process.cpuUsage();
    const start = performance.now();
    const [workerCpu] = await once(worker, 'message');
    const time = (performance.now() - start) * 1000;
    const both = cpu(before) + workerCpu;
    await ask({ close: true });
    return { time, cpu: both };
  }

  process.on('message', async (/** @type {{ listen?: number, accept?: number }} */ { listen, accept: count }) => {
    if (listen !== undefined) process.send?.([{ port: await ask({ listen }) }]);
    if (count !== undefined) process.send?.(await accept(count));
  });
  process.on('disconnect', () => process.exit());
}

function beWorker() {
  /** @type {net.Socket[]} */
  let sockets = [];
  let awaited = 0;
  let before = process.cpuUsage();
  const server = net.createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    if (sockets.length === awaited) process.send?.(cpu(before));
  });

  process.on('message', async (/** @type {{ listen?: number, expect?: number, close?: true }} */ message) => {
    if (message.listen !== undefined) {
      server.listen({ port: 0, host: '127.0.0.1', backlog: message.listen });
      await once(server, 'listening');
      process.send?.(/** @type {net.AddressInfo} */ (server.address()).port);
    }
    if (message.expect !== undefined) {
      awaited = message.expect;
      global.gc?.();
      before = process.cpuUsage();
      process.send?.('ready');
    }
    if (message.close) {
      const closed = sockets.map((socket) => once(socket, 'close'));
      for (const socket of sockets) socket.resetAndDestroy();
      await Promise.all(closed);
      sockets = [];
      process.send?.('closed');
    }
  });
}

if (cluster.isPrimary) bePrimary();
else beWorker();
