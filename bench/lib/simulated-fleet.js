'use strict';
// Sockets without a connection, and answers in place of the kernel's: what a monitor costs by itself.
const net = require('node:net');
const { addon } = require('./addon.js');

/** Passes for Node's handle of a TCP connection. */
class TCP {
  /** @param {number} fd */
  constructor(fd) {
    this.fd = fd;
  }
}

/** Each peer answers a probe in each `initialDelay`, at a time of its own. @param {number} count @param {number} initialDelay */
exports.simulatedFleet = (count, initialDelay) => {
  const times = Float64Array.from({ length: count }, () => -Math.random() * initialDelay);
  const { batch } = addon;
  return {
    sockets: Array.from({ length: count }, (_, fd) => Object.assign(new net.Socket(), { _handle: new TCP(fd) })),
    /** For `addon.lastHeard`. @param {number} asked */
    lastHeard: (asked) => {
      const now = performance.now();
      for (let i = 0; i < asked; i += 1) batch[i] = (now - (times[batch[i] ?? 0] ?? 0)) % initialDelay;
    },
  };
};
