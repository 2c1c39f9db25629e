'use strict';
// Heartbeats over the same sockets. What they ask of a client and of a response is made of a plain socket: the HTTP parser
// that ws needs aborts a Node 20 whose worker is terminated.
const { EventEmitter } = require('node:events');
const { any, counts, fail, nested, number, random, sockets } = require('./world.js');

/**
 * @typedef {typeof import('tcp-keepalive') & typeof import('tcp-keepalive/heartbeat')} Package
 * @typedef {import('node:net').Socket & { connecting: boolean }} Socket
 */

/** A WebSocket whose frames are whatever its socket receives. */
class Client {
  /** @param {Socket} socket */
  constructor(socket) {
    this._socket = socket;
    this.terminations = 0;
  }
  get readyState() {
    return this._socket.destroyed ? 3 : 1;
  }
  get bufferedAmount() {
    return this._socket.writableLength;
  }
  ping() {
    if (this._socket.writable) this._socket.write('ping');
  }
  terminate() {
    this.terminations += 1;
    this._socket.destroy();
  }
  /** @param {string} event @param {() => void} listener */
  on(event, listener) {
    this._socket.on(event === 'pong' ? 'data' : event, listener);
  }
  /** @param {string} event @param {() => void} listener */
  off(event, listener) {
    this._socket.off(event === 'pong' ? 'data' : event, listener);
  }
}

/** A session of http2 whose frames, and whose answers to pings, are whatever its socket receives. */
class Session extends EventEmitter {
  connecting = false;
  closed = false;
  terminations = 0;
  /** @param {Socket} socket */
  constructor(socket) {
    super();
    this.socket = socket;
    socket.once('close', () => this.emit('close'));
  }
  get destroyed() {
    return this.socket.destroyed;
  }
  goaway() {}
  /** @param {(error: Error | null) => void} answered */
  ping(answered) {
    if (this.destroyed) throw new Error('ping() of a session that was destroyed');
    this.socket.once('data', () => answered(null));
    return this.socket.write('ping') || random() < 0.9;
  }
  destroy() {
    this.terminations += 1;
    this.socket.destroy();
  }
}

/** @type {Set<Client>} */
const clients = new Set();
/** @type {InstanceType<Package['WebSocketHeartbeat']>[]} */
const pinging = [];
/** @type {InstanceType<Package['Http2Heartbeat']>[]} */
const asking = [];
/** @type {InstanceType<Package['EventStreamHeartbeat']>[]} */
const streaming = [];
/** @type {Set<InstanceType<Package['SilenceWatchdog']>>} */
const watchdogs = new Set();
const few = 40;

/** @param {Package} api @param {Socket} socket */
function watch({ SilenceWatchdog }, socket) {
  if (watchdogs.size >= few) return;
  let watched = socket;
  const onSilence = () => {
    counts.silences += 1;
    if (!watchdogs.delete(watchdog)) fail(new Error('silence after stop()'));
    if (!watched.destroyed) fail(new Error('silent and not destroyed'));
    nested();
  };
  const watchdog = new SilenceWatchdog({
    timeout: 1 + number(30),
    onSilence,
    armedBy: random() < 0.5 ? 'write' : 'silence',
  });
  watchdogs.add(watchdog);
  watchdog.watch(socket);
  if (random() < 0.2) watchdog.watch((watched = any([...sockets])));
  if (random() < 0.2) watchdog.heard();
  if (random() < 0.2) watchdog.wrote();
}

function stopWatchdog() {
  const watchdog = any([...watchdogs]);
  watchdog?.stop();
  watchdogs.delete(watchdog);
}

/** @param {Package} api @param {Socket} socket */
function stream({ EventStreamHeartbeat }, socket) {
  if (streaming.length < 3) streaming.push(new EventStreamHeartbeat({ interval: 1 + number(20) }));
  const heartbeat = any(streaming);
  counts.streams += 1;
  heartbeat.add(/** @type {any} */ (Object.assign(socket, { headersSent: true })));
  if (random() < 0.1) heartbeat.remove(/** @type {any} */ (any([...sockets])));
  if (random() < 0.02) heartbeat.stop();
}

/** @param {Package} api @param {Socket} socket */
function join({ WebSocketHeartbeat }, socket) {
  if (pinging.length < 3) {
    const options = { interval: 1 + number(20), timeout: 1 + number(20), trustKernel: random() < 0.5 };
    const heartbeat = new WebSocketHeartbeat(clients, options);
    heartbeat.on('gone', (client) => {
      counts.clients += 1;
      if (client.terminations === 0) fail(new Error('gone and not terminated'));
      nested();
    });
    pinging.push(heartbeat);
  }
  if (clients.size >= few || socket.destroyed) return;
  const client = new Client(socket);
  clients.add(client);
  socket.once('close', () => clients.delete(client));
}

/** @param {Package} api @param {Socket} socket */
function joinSessions({ Http2Heartbeat }, socket) {
  if (asking.length < 3) {
    const options = { interval: 1 + number(20), timeout: 1 + number(20), trustKernel: random() < 0.5 };
    const heartbeat = new Http2Heartbeat(options);
    heartbeat.on('gone', (session) => {
      counts.sessions += 1;
      if (/** @type {any} */ (session).terminations === 0) fail(new Error('gone and not destroyed'));
      nested();
    });
    asking.push(heartbeat);
  }
  const heartbeat = any(asking);
  if (heartbeat.snapshot().sessions < few && !socket.destroyed) heartbeat.add(/** @type {any} */ (new Session(socket)));
  if (random() < 0.02) asking.splice(0, 1)[0]?.stop();
}

function leave() {
  if (random() < 0.5) clients.delete(any([...clients]));
  else pinging.splice(0, 1)[0]?.stop();
}

/** @type {[number, (api: Package, socket: Socket) => void][]} how often, what */
const calls = [
  [1, watch],
  [1, stopWatchdog],
  [2, stream],
  [1, join],
  [1, joinSessions],
  [0.2, leave],
];

const all = () => [
  ...pinging.map((one) => one.snapshot().clients),
  ...asking.map((one) => one.snapshot().sessions),
  ...streaming.map((one) => one.snapshot().streams),
];
const haveLetGo = () => all().every((size) => size === 0);

/** After all sockets have closed. */
function check() {
  if (!haveLetGo()) fail(new Error(`closed and still held: ${all().join()}`));
  for (const watchdog of watchdogs) watchdog.stop();
}

module.exports = { calls, check, haveLetGo };
