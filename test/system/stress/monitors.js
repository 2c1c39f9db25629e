'use strict';
// Monitors: each socket that one watches must be reported gone once.
const { counts, fail, nested, number } = require('./world.js');

/**
 * @typedef {typeof import('tcp-keepalive') & typeof import('tcp-keepalive/heartbeat')} Package
 * @typedef {import('node:net').Socket & { connecting: boolean }} Socket
 * @typedef {import('tcp-keepalive').LivenessMonitor} Monitor
 */

/** @type {Map<Monitor, Set<Socket>>} */
const monitors = new Map();

/** @param {Package} api */
function addMonitor({ LivenessMonitor }) {
  const monitor = new LivenessMonitor({ silentAfter: 1 + number(20), checkEvery: 1 + number(5) });
  const watched = new Set();
  monitors.set(monitor, watched);
  monitor.on('gone', (socket) => {
    counts.gone += 1;
    if (!watched.delete(socket)) fail(new Error("'gone' of a socket that is not watched"));
    nested();
  });
  monitor.on('silent', (socket) => {
    counts.silent += 1;
    if (!watched.has(socket)) fail(new Error("'silent' of a socket that is not watched"));
    nested();
  });
}

const haveReported = () => [...monitors.values()].every(({ size }) => size === 0);

/** After all sockets have closed. */
function check() {
  for (const [monitor, watched] of monitors) {
    if (watched.size > 0) fail(new Error(`${watched.size} closed and never reported`));
    if (monitor.snapshot().connections > 0) fail(new Error('closed and still watched'));
  }
}

module.exports = { addMonitor, check, haveReported, monitors };
