'use strict';
// The same job by Node itself and by two npm packages.
const { get, readAll, set, setAll } = require('./floor.js');

/**
 * @typedef {import('./measure.js').Contender} Contender
 * @typedef {import('./floor.js').Settings} Settings
 */

/** @param {string} name @returns {{ name: string, api?: any, problem?: string }} */
function load(name) {
  try {
    return { name, api: require(`../others/node_modules/${name}`) };
  } catch (error) {
    return { name, problem: String(error).split('\n')[0] ?? '' };
  }
}

const netKeepalive = load('net-keepalive');
const sockopt = load('sockopt');

exports.problems = [netKeepalive, sockopt]
  .filter(({ problem }) => problem !== undefined)
  .map(({ name, problem }) => `${name} is left out, it does not load here: ${problem}`);

/** @param {number} initialDelay */
const nodeCalls = (initialDelay) => [
  set('enabled', 1),
  set('initialDelay', initialDelay / 1000),
  set('interval', 1),
  set('count', 10),
];

// Node skips what it believes to be set; this makes it believe otherwise.
const forget = (/** @type {import('node:net').Socket} */ socket) => void socket.setKeepAlive(false);

/** Node sets an interval of 1 s, a count of 10 and no user timeout. @param {Settings} settings @returns {Contender} */
exports.nodeApply = ({ initialDelay }) => ({
  name: 'Node setKeepAlive(true, ms)',
  calls: nodeCalls(initialDelay),
  reset: forget,
  run: (socket) => void socket.setKeepAlive(true, initialDelay),
});

/** @param {Settings} settings @returns {Contender[]} */
exports.packagesApply = (settings) => [
  ...only(netKeepalive, applyWithNetKeepalive(settings)),
  ...only(sockopt, applyWithSockopt(settings)),
];

/** It has no switch and no initial delay: those are Node's. @param {Settings} settings @returns {Contender} */
function applyWithNetKeepalive(settings) {
  const { initialDelay, interval, count, userTimeout } = settings;
  const rest = [set('interval', interval / 1000), set('count', count), set('userTimeout', userTimeout)];
  return {
    name: 'setKeepAlive + net-keepalive',
    calls: [...nodeCalls(initialDelay), ...rest],
    reset: forget,
    run: (socket) => setWithNetKeepalive(socket, settings),
  };
}

/** @param {import('node:net').Socket} socket @param {Settings} settings */
function setWithNetKeepalive(socket, { initialDelay, interval, count, userTimeout }) {
  socket.setKeepAlive(true, initialDelay);
  netKeepalive.api.setKeepAliveInterval(socket, interval);
  netKeepalive.api.setKeepAliveProbes(socket, count);
  netKeepalive.api.setUserTimeout(socket, userTimeout);
}

exports.applyNetKeepalive = netKeepalive.api === undefined ? undefined : setWithNetKeepalive;

/** @param {Settings} settings @returns {Contender} */
function applyWithSockopt(settings) {
  const calls = setAll(settings);
  return {
    name: 'sockopt, five setsockopt()',
    calls,
    run: (socket) => {
      for (const [, level, name, value] of calls) sockopt.api.setsockopt(socket, level, name, value);
    },
  };
}

/** @returns {Contender[]} */
exports.packagesRead = () => [
  ...only(netKeepalive, {
    name: 'net-keepalive, its three getters',
    calls: [get('interval'), get('count'), get('userTimeout')],
    run: (socket) => {
      netKeepalive.api.getKeepAliveInterval(socket);
      netKeepalive.api.getKeepAliveProbes(socket);
      netKeepalive.api.getUserTimeout(socket);
    },
  }),
  ...only(sockopt, {
    name: 'sockopt, five getsockopt()',
    calls: readAll,
    run: (socket) => {
      for (const [, level, name] of readAll) sockopt.api.getsockopt(socket, level, name);
    },
  }),
];

/** @param {{ api?: unknown }} library @param {Contender} contender */
function only(library, contender) {
  return library.api === undefined ? [] : [contender];
}
