'use strict';
// The same job by Node itself.
const net = require('node:net');
const { set } = require('./floor.js');

/**
 * @typedef {import('./measure.js').Contender} Contender
 * @typedef {import('./floor.js').Settings} Settings
 */

/** Node's interval of 1 s and count of 10 cannot be changed. @param {number} initialDelay */
exports.nodeCalls = (initialDelay) => [
  set('enabled', 1),
  set('initialDelay', initialDelay / 1000),
  set('interval', 1),
  set('count', 10),
];

/** Node 24.19 and 26.4 have the interval and the count too. */
const takesAll = net.Socket.prototype.setKeepAlive.length >= 4;

// Node skips what it believes to be set; this makes it believe otherwise.
const forget = (/** @type {net.Socket} */ socket) => void socket.setKeepAlive(false);

/** No user timeout. @param {Settings} settings @returns {Contender[]} */
exports.nodeApply = ({ initialDelay, interval, count }) => {
  /** @type {Contender[]} */
  const contenders = [
    {
      name: 'Node setKeepAlive(true, ms)',
      calls: exports.nodeCalls(initialDelay),
      reset: forget,
      run: (socket) => void socket.setKeepAlive(true, initialDelay),
    },
  ];
  if (!takesAll) return contenders;
  contenders.push({
    name: 'Node setKeepAlive(true, ms, ms, count)',
    calls: [
      set('enabled', 1),
      set('initialDelay', initialDelay / 1000),
      set('interval', interval / 1000),
      set('count', count),
    ],
    reset: forget,
    // @ts-expect-error not in @types/node for Node 20
    run: (socket) => void socket.setKeepAlive(true, initialDelay, interval, count),
  });
  return contenders;
};

/** What it believes to be set already: it makes no call. @param {Settings} settings @returns {Contender[]} */
exports.nodeApplyAgain = (settings) =>
  exports.nodeApply(settings).map(({ name, run }) => ({ name: `${name}, cached`, calls: [], reset: run, run }));
