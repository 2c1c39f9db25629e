'use strict';
// The npm packages that do a part of the same, and a way to call the C library from JavaScript.
const { get, readAll, set, setAll } = require('./floor.js');
const { isOnlyNode } = require('./nodes.js');
const { nodeCalls } = require('./node-itself.js');
const { descriptor } = require('./sockets.js');

/**
 * @typedef {import('node:net').Socket} Socket
 * @typedef {import('./measure.js').Contender} Contender
 * @typedef {import('./floor.js').Call} Call
 * @typedef {import('./floor.js').Settings} Settings
 *
 * @typedef {object} Ways
 * @property {string} applying
 * @property {(settings: Settings) => readonly Call[]} applyCalls
 * @property {(settings: Settings) => (socket: Socket) => void} apply
 * @property {(socket: Socket) => void} [forget]
 * @property {string} reading
 * @property {readonly Call[]} readCalls
 * @property {(socket: Socket) => void} read
 */

/** @type {Record<string, (api: any) => Ways>} */
const known = {
  // It has no switch and no initial delay: those are Node's.
  'net-keepalive': (api) => ({
    applying: 'setKeepAlive + net-keepalive',
    applyCalls: ({ initialDelay, interval, count, userTimeout }) => [
      ...nodeCalls(initialDelay),
      set('interval', interval / 1000),
      set('count', count),
      set('userTimeout', userTimeout),
    ],
    apply:
      ({ initialDelay, interval, count, userTimeout }) =>
      (socket) => {
        socket.setKeepAlive(true, initialDelay);
        api.setKeepAliveInterval(socket, interval);
        api.setKeepAliveProbes(socket, count);
        api.setUserTimeout(socket, userTimeout);
      },
    forget: (socket) => void socket.setKeepAlive(false),
    reading: 'net-keepalive, its three getters',
    readCalls: [get('interval'), get('count'), get('userTimeout')],
    read: (socket) => {
      api.getKeepAliveInterval(socket);
      api.getKeepAliveProbes(socket);
      api.getUserTimeout(socket);
    },
  }),

  sockopt: (api) => ({
    applying: 'sockopt, five setsockopt()',
    applyCalls: setAll,
    apply: (settings) => {
      const calls = setAll(settings);
      return (socket) => {
        for (const [, level, name, value] of calls) api.setsockopt(socket, level, name, value);
      };
    },
    reading: 'sockopt, five getsockopt()',
    readCalls: readAll,
    read: (socket) => {
      for (const [, level, name] of readAll) api.getsockopt(socket, level, name);
    },
  }),

  koffi: (api) => {
    const library = api.load('libc.so.6');
    const setsockopt = library.func('int setsockopt(int, int, int, const int *, uint32_t)');
    const getsockopt = library.func('int getsockopt(int, int, int, _Out_ int *, _Inout_ uint32_t *)');
    const value = new Int32Array(1);
    const length = Uint32Array.of(value.byteLength);
    return {
      applying: 'koffi, five setsockopt()',
      applyCalls: setAll,
      apply: (settings) => {
        const calls = setAll(settings);
        return (socket) => {
          const fd = descriptor(socket);
          for (const [, level, name, wanted] of calls) {
            value[0] = wanted;
            if (setsockopt(fd, level, name, value, value.byteLength) !== 0) throw new Error(`errno ${api.errno()}`);
          }
        };
      },
      reading: 'koffi, five getsockopt()',
      readCalls: readAll,
      read: (socket) => {
        const fd = descriptor(socket);
        for (const [, level, name] of readAll) {
          if (getsockopt(fd, level, name, value, length) !== 0) throw new Error(`errno ${api.errno()}`);
        }
      },
    };
  },
};

/** @type {string[]} */
exports.problems = [];

/** @type {(Ways & { name: string, version: string })[]} */
const packages = [];

for (const [name, waysOf] of isOnlyNode ? [] : Object.entries(known)) {
  try {
    const { version } = require(`../others/node_modules/${name}/package.json`);
    packages.push({ name, version, ...waysOf(require(`../others/node_modules/${name}`)) });
  } catch (error) {
    exports.problems.push(`${name} is left out, it does not load here: ${String(error).split('\n')[0]}`);
  }
}

exports.packages = packages;

/** @param {Settings} settings @returns {Contender[]} */
exports.packagesApply = (settings) =>
  packages.map(({ applying, applyCalls, apply, forget }) => ({
    name: applying,
    calls: applyCalls(settings),
    reset: forget,
    run: apply(settings),
  }));

/** @returns {Contender[]} */
exports.packagesRead = () =>
  packages.map(({ reading, readCalls, read }) => ({ name: reading, calls: readCalls, run: read }));
