'use strict';
// Started by run.js: a server with a profile and a monitor, and the record of what it believed and noticed.
const { once } = require('node:events');
const { readdirSync } = require('node:fs');
const net = require('node:net');
const {
  LivenessMonitor,
  applyKeepaliveToAll,
  applyKeepaliveToServer,
  detectionTime,
  lastHeard,
} = require('tcp-keepalive');
const { oracle } = require('../../support/oracle.js');

/**
 * @typedef {import('tcp-keepalive').KeepaliveProfile} Profile
 *
 * @typedef {object} Orders
 * @property {number} id of the answer
 * @property {{ host: string, profiles: Profile[], liveness: import('tcp-keepalive').LivenessOptions }} [listen]
 * @property {string} [cut] an address
 * @property {string} [count] an address
 * @property {boolean} [mended]
 * @property {Profile} [retune]
 * @property {boolean} [stop]
 *
 * @typedef {object} Cut
 * @property {string} address
 * @property {Map<net.Socket, { since: number, promise: number, silent: boolean }>} waiting
 */

/** What `detectionTime` promises, and what an event loop is late by beside 20 000 connections and other programs. */
const promised = (/** @type {number} */ time) => time + 2_000;

const findings = {
  /** Given up although their cable was whole. */
  livesLost: 0,
  /** Called silent although their cable was whole. */
  falselySilent: 0,
  /** Cut connections, and of them those that were noticed after their promise, or not as 'gone' by the monitor. */
  cut: 0,
  late: 0,
  unnoticed: 0,
  /** Cut connections that the monitor called silent before they were gone. */
  silentFirst: 0,
  /** Of the promise, what the slowest took. */
  longest: 0,
  accepted: 0,
  retuned: 0,
  refused: 0,
  /** Reasons that the monitor gave. */
  gone: /** @type {Record<string, number>} */ ({}),
};

const descriptors = () => readdirSync('/proc/self/fd').length;
const before = descriptors();
/** @type {Map<net.Socket, string>} */
const sockets = new Map();
const server = net.createServer();
/** @type {LivenessMonitor} */
let monitor;
/** @type {import('tcp-keepalive').ServerKeepalive} */
let tuned;
/** The longest of any profile: a connection can have had another when it was cut. */
const promises = { idle: 0, inFlight: 0, anew: 0 };
/** @type {Cut | undefined} */
let cut;
/** Infinity: now. */
let retunedAt = -Infinity;

server.on('connection', (socket) => {
  findings.accepted += 1;
  sockets.set(socket.resume(), socket.remoteAddress ?? '');
  socket.on('error', () => {});
  monitor.watch(socket);
});

/** @param {net.Socket} socket @param {string} reason */
function gone(socket, reason) {
  findings.gone[reason] = (findings.gone[reason] ?? 0) + 1;
  const address = sockets.get(socket);
  sockets.delete(socket);
  const waiting = cut?.waiting.get(socket);
  if (waiting !== undefined) {
    cut?.waiting.delete(socket);
    findings.silentFirst += waiting.silent ? 1 : 0;
    const took = performance.now() - waiting.since;
    // A new profile starts the clock of the probes anew.
    const promise = waiting.promise + (retunedAt > waiting.since ? promises.anew : 0);
    findings.longest = Math.max(findings.longest, took / promise);
    if (took > promised(promise) || reason !== 'timed-out') {
      findings.late += 1;
      process.stderr.write(`late: ${reason} after ${took} of ${promise} ms\n`);
    }
  } else if (reason !== 'closed' && reason !== 'reset') {
    findings.livesLost += 1;
    process.stderr.write(`lost: ${address} ${reason}\n`);
  }
}

/** @param {net.Socket} socket @param {number} milliseconds */
function silent(socket, milliseconds) {
  const waiting = cut?.waiting.get(socket);
  if (waiting !== undefined) waiting.silent = true;
  else {
    findings.falselySilent += 1;
    process.stderr.write(`falsely silent: ${sockets.get(socket)} for ${milliseconds} ms\n`);
  }
}

/** The open connections of an address. @param {string} address */
const openAt = (address) =>
  [...sockets].filter(([socket, where]) => where === address && !socket.destroyed).map(([socket]) => socket);

/** @param {string} address */
function takeNotice(address) {
  const now = performance.now();
  cut = { address, waiting: new Map() };
  for (const socket of openAt(address)) {
    const entry = { since: now - (lastHeard(socket) ?? 0), promise: promises.idle, silent: false };
    if (Math.random() < 0.5) {
      socket.write('a push message\n');
      Object.assign(entry, { since: now, promise: promises.inFlight });
    }
    cut.waiting.set(socket, entry);
  }
  findings.cut += cut.waiting.size;
}

/** @param {Profile} next */
async function retune(next) {
  retunedAt = Infinity;
  tuned.update(next);
  // A profile counts from the call: one that is applied again and again gives a vanished peer its time again and again.
  const live = [...sockets.keys()].filter((socket) => cut?.waiting.has(socket) !== true);
  const { applied, skipped, failed } = await applyKeepaliveToAll(live, next);
  retunedAt = performance.now();
  findings.retuned += applied;
  findings.refused += failed.length + (applied + skipped === 0 ? 1 : 0);
}

async function close() {
  for (const socket of sockets.keys()) socket.destroy();
  server.close();
  await once(server, 'close');
  tuned.stop();
  monitor.stop();
  return { descriptors: descriptors() - before };
}

function memory() {
  global.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed, malloc: oracle.mallocInUse() };
}

/** @param {Orders} orders */
async function obey(orders) {
  const { listen } = orders;
  let answer = {};
  if (listen !== undefined) {
    for (const profile of listen.profiles) {
      const { idle, inFlight } = detectionTime(profile);
      promises.idle = Math.max(promises.idle, idle);
      promises.inFlight = Math.max(promises.inFlight, inFlight ?? Infinity);
      promises.anew = Math.max(promises.anew, profile.initialDelay);
    }
    tuned = applyKeepaliveToServer(server, /** @type {Profile} */ (listen.profiles[0]), {
      onError: () => (findings.refused += 1),
    });
    monitor = new LivenessMonitor(listen.liveness);
    monitor.on('gone', gone);
    monitor.on('silent', silent);
    server.listen({ port: 0, host: listen.host, backlog: 4096 });
    await once(server, 'listening');
    answer = { port: /** @type {net.AddressInfo} */ (server.address()).port };
  }
  if (orders.count !== undefined) answer = { counted: openAt(orders.count).length };
  if (orders.cut !== undefined) takeNotice(orders.cut);
  if (orders.mended === true) {
    findings.unnoticed += cut?.waiting.size ?? 0;
    cut = undefined;
  }
  if (orders.retune !== undefined) await retune(orders.retune);
  if (orders.stop === true) answer = await close();
  const waiting = cut?.waiting.size ?? 0;
  const watched = monitor.snapshot().connections;
  process.send?.({ id: orders.id, ...answer, findings, waiting, connections: sockets.size, watched, memory: memory() });
}

process.on('message', (/** @type {Orders} */ orders) => void obey(orders));
process.on('disconnect', () => process.exit());
