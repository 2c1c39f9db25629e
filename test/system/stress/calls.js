'use strict';
// Every call, and how often.
const { closeSync, openSync } = require('node:fs');
const net = require('node:net');
const heartbeats = require('./heartbeats.js');
const { addMonitor, monitors } = require('./monitors.js');
const { agents, connections, portOf, quiet, relisten, request, secure, secured, tuned, web } = require('./servers.js');
const { any, bystanders, counts, expected, fail, holds, most, own } = require('./world.js');
const { profiles, random, number, sockets, untouched } = require('./world.js');

/**
 * @typedef {typeof import('tcp-keepalive') & typeof import('tcp-keepalive/heartbeat')} Package
 * @typedef {import('node:net').Socket & { connecting: boolean }} Socket
 */

/** @type {number[]} */
const files = [];

let fleets = 0;
/** @param {Package} api */
function startFleet({ applyKeepaliveToAll }) {
  if (fleets > 5) return;
  fleets += 1;
  const chosen = [...sockets].filter(() => random() < 0.3);
  const controller = new AbortController();
  if (random() < 0.2) setTimeout(() => controller.abort(), number(5));
  const { signal } = controller;
  applyKeepaliveToAll(chosen, any(profiles), { spread: any([0, 1, 10]), signal })
    .then(({ failed }) => {
      const error = failed.find((one) => !expected.includes(/** @type {any} */ (one.error).code));
      if (error !== undefined) fail(error.error);
    })
    .catch((error) => error.name === 'AbortError' || fail(error))
    .finally(() => (fleets -= 1));
}

/** @type {((socket: Socket) => void)[]} */
const endings = [
  (socket) => socket.destroy(),
  (socket) => socket.end(),
  (socket) => socket.destroySoon(),
  (socket) => socket.destroy(new Error('ours')),
  (socket) => {
    // Node closes no descriptor that is reset after end() (libuv answers EINVAL), and resets TCP only.
    const isTcp = /** @type {any} */ (socket)._handle?.constructor.name === 'TCP';
    if (isTcp && !socket.writableEnded) socket.resetAndDestroy();
  },
];

/** @param {Error & { code?: string }} error */
const onError = (error) => expected.includes(error.code ?? '') || fail(error);

/** @type {[number, (api: Package, socket: Socket) => void][]} how often, what */
const calls = [
  [
    20,
    ({ applyKeepalive }, socket) => {
      const profile = any(profiles);
      if (applyKeepalive(socket, profile)) holds(socket, profile);
    },
  ],
  [10, ({ disableKeepalive }, socket) => disableKeepalive(socket)],
  [10, ({ readKeepalive }, socket) => void readKeepalive(socket)],
  [10, ({ readTcpInfo }, socket) => void readTcpInfo(socket)],
  [10, ({ lastHeard }, socket) => void lastHeard(socket)],
  [1, ({ readSystemKeepalive }) => void readSystemKeepalive()],
  [5, () => void (sockets.size < most && any(connections)())],
  [3, () => void (bystanders.size < most && own(bystanders, net.connect(portOf(quiet), '127.0.0.1')))],
  [5, (_, socket) => any(endings)(socket)],
  [
    2,
    () => {
      const socket = any([...bystanders]);
      if (socket === undefined) return;
      untouched(socket);
      any(endings)(socket);
    },
  ],
  [2, () => void files.push(openSync('/dev/null', 'r'))],
  [
    2,
    () => {
      if (files.length > 0) closeSync(/** @type {number} */ (files.shift()));
    },
  ],
  [
    8,
    (_, socket) => {
      const [monitor, watched] = any([...monitors]) ?? [];
      monitor?.watch(socket);
      watched?.add(socket);
    },
  ],
  [
    4,
    (_, socket) => {
      const [monitor, watched] = any([...monitors]) ?? [];
      monitor?.unwatch(socket);
      watched?.delete(socket);
    },
  ],
  [
    0.2,
    (api) => {
      if (monitors.size < 4) addMonitor(api);
    },
  ],
  [
    0.1,
    () => {
      const monitor = any([...monitors.keys()]);
      monitor?.stop();
      monitors.get(monitor)?.clear();
      if (random() < 0.5) monitors.delete(monitor);
    },
  ],
  [0.5, startFleet],
  [
    1,
    ({ applyKeepaliveToServer }) => {
      counts.tuned += 1;
      const keepalive = applyKeepaliveToServer(any([tuned, web, secure]), any(profiles), { onError });
      if (random() < 0.3) keepalive.update(any(profiles));
      if (random() < 0.3) keepalive.stop();
    },
  ],
  [
    0.5,
    ({ applyKeepaliveToAgent }) => {
      const keepalive = applyKeepaliveToAgent(any(agents), any(profiles));
      if (random() < 0.3) keepalive.update(any(profiles));
      if (random() < 0.3) keepalive.stop();
    },
  ],
  [1, request],
  [0.3, () => void (sockets.size < most && secured())],
  [0.2, relisten],
  ...heartbeats.calls,
];

const weights = calls.reduce((sum, [weight]) => sum + weight, 0);

/** @returns {(api: Package, socket: Socket) => void} */
function anyCall() {
  let choice = random() * weights;
  const [, call = () => {}] = calls.find(([weight]) => (choice -= weight) < 0) ?? [];
  return call;
}

function close() {
  for (const file of files) closeSync(file);
}

module.exports = { anyCall, close, fleetsRun: () => fleets > 0 };
