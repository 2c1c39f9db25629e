'use strict';
// The C loop that everything is measured against, and lists of system calls for it.

/** @typedef {readonly [set: number, level: number, name: number, value: number]} Call */
/** @typedef {{ initialDelay: number, interval: number, count: number, userTimeout: number }} Settings */

/**
 * @typedef {object} Floor
 * @property {(descriptors: Int32Array, calls: Int32Array) => void} run
 * @property {(descriptors: Int32Array, answers: Int32Array) => void} lastHeard
 * @property {(port: number, count: number) => Int32Array} connect
 * @property {(descriptors: Int32Array) => void} reset
 * @property {() => number} threadCpu
 * @property {number} SOL_SOCKET
 * @property {number} SO_KEEPALIVE
 * @property {number} IPPROTO_TCP
 * @property {number} TCP_KEEPIDLE
 * @property {number} TCP_KEEPINTVL
 * @property {number} TCP_KEEPCNT
 * @property {number} TCP_USER_TIMEOUT
 */

// @ts-ignore built by lib/setup.js
const addon = require('../native/build/Release/floor.node');
const floor = /** @type {Floor} */ (addon);

const options = {
  enabled: [floor.SOL_SOCKET, floor.SO_KEEPALIVE],
  initialDelay: [floor.IPPROTO_TCP, floor.TCP_KEEPIDLE],
  interval: [floor.IPPROTO_TCP, floor.TCP_KEEPINTVL],
  count: [floor.IPPROTO_TCP, floor.TCP_KEEPCNT],
  userTimeout: [floor.IPPROTO_TCP, floor.TCP_USER_TIMEOUT],
  tcpInfo: [floor.IPPROTO_TCP, 11], // its first four bytes: the kernel gathers all of it
};

/** @param {keyof typeof options} option @returns {Call} */
const get = (option) => {
  const [level = 0, name = 0] = options[option];
  return [0, level, name, 0];
};

/** @param {keyof typeof options} option @param {number} value @returns {Call} */
const set = (option, value) => {
  const [level = 0, name = 0] = options[option];
  return [1, level, name, value];
};

const readAll = [get('enabled'), get('initialDelay'), get('interval'), get('count'), get('userTimeout')];

/** @param {Settings} settings @returns {[Call, Call, Call, Call]} */
const timing = ({ initialDelay, interval, count, userTimeout }) => [
  set('userTimeout', userTimeout),
  set('interval', interval / 1000),
  set('count', count),
  set('initialDelay', initialDelay / 1000),
];

/** The bare five. @param {Settings} settings */
const setAll = (settings) => [...timing(settings), set('enabled', 1)];

/** @param {readonly Call[]} calls */
const packed = (calls) => Int32Array.from(calls.flat());

module.exports = { floor, options, get, set, readAll, timing, setAll, packed };
