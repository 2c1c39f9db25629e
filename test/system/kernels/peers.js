'use strict';
// The peers, in their namespace. Commands are lines of JSON on standard input:
//   { "connect": ADDRESS, "host": ..., "port": ..., "peers": N, "spread": MS }: N connections, evenly over that time
//   { "speak": PORT }: those to this port send a byte each
const net = require('node:net');
const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');

/** @type {Map<number, net.Socket[]>} */
const byPort = new Map();

/** @param {{ connect: string, host: string, port: number, peers: number, spread: number }} command */
async function connect({ connect: localAddress, host, port, peers, spread }) {
  const start = Date.now();
  /** @type {net.Socket[]} */
  const sockets = [];
  byPort.set(port, sockets);
  for (let index = 0; index < peers; index += 1) {
    await sleep(start + (spread * index) / peers - Date.now());
    sockets.push(
      net
        .connect({ port, host, localAddress })
        .on('error', () => undefined)
        .resume(),
    );
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line);
  if ('connect' in command) void connect(command);
  else for (const socket of byPort.get(command.speak) ?? []) socket.write('.');
});
