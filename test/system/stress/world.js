'use strict';
// What all operations share: their choices, the sockets, and what must hold of each.
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { held, heldBy } = require('../../support/oracle.js');
const { generator } = require('../../support/random.js');

/**
 * @typedef {typeof import('tcp-keepalive') & typeof import('tcp-keepalive/heartbeat')} Package
 * @typedef {import('node:net').Socket & { connecting: boolean }} Socket
 */

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    gc: { type: 'boolean', default: false },
    'without-http': { type: 'boolean', default: false },
    copies: { type: 'string', default: path.join(__dirname, '..', '..', '..') },
  },
});
const random = generator(Number(values.seed));
/** @param {number} below */
const number = (below) => Math.floor(random() * below);
/** @template T @param {readonly T[]} from @returns {T} */
const any = (from) => /** @type {T} */ (from[number(from.length)]);

/** The package, or several installations of it. @type {Package[]} */
const copies = values.copies
  .split(',')
  .map((root) => ({ ...require(root), ...require(path.join(root, 'dist', 'heartbeat', 'index.js')) }));

/** @type {import('tcp-keepalive').KeepaliveProfile[]} */
const profiles = [
  { initialDelay: 41_000, interval: 7_000, count: 5, userTimeout: 89_000 },
  { initialDelay: 53_000, interval: 11_000, count: 4, userTimeout: 'match' },
  { initialDelay: 1_000, interval: 1_000, count: 3 },
];
/** What can be wrong with a socket that comes and goes. */
const expected = ['ERR_KEEPALIVE_CLOSED', 'ERR_KEEPALIVE_NOT_CONNECTED', 'ERR_KEEPALIVE_NOT_TCP'];
const most = 300;

/** @type {{ operations: number, ending: boolean, step: () => void }} */
const run = { operations: 0, ending: false, step: () => {} };
const counts = {
  connections: 0,
  refused: 0,
  gone: 0,
  silent: 0,
  tuned: 0,
  requests: 0,
  bystanders: 0,
  held: 0,
  relistened: 0,
  silences: 0,
  streams: 0,
  clients: 0,
  sessions: 0,
};
/** @type {Set<Socket>} */
const sockets = new Set();
/** Never given to the package: nothing may ever be set on them. @type {Set<Socket>} */
const bystanders = new Set();

/** @param {unknown} error */
function fail(error) {
  console.error(`seed ${values.seed}, operation ${run.operations}:`, error);
  process.exit(1);
}

/** A call that may come too late. @param {() => unknown} call */
function attempt(call) {
  run.operations += 1;
  try {
    return call();
  } catch (error) {
    if (!expected.includes(/** @type {any} */ (error).code)) fail(error);
    counts.refused += 1;
    return undefined;
  } finally {
    if (values.gc) global.gc?.();
  }
}

/** @param {Socket} socket */
function untouched(socket) {
  const { fd = -1 } = /** @type {any} */ (socket)._handle ?? {};
  if (fd < 0) return;
  counts.bystanders += 1;
  const [enabled, initialDelay, , , userTimeout] = held(socket);
  const options = [enabled, initialDelay, userTimeout];
  if (options.join() !== '0,7200,0') fail(new Error(`a socket of somebody else has ${options.join()}`));
}

/** What this side has sent in vain: it is given time for another try. @param {Socket} socket */
function isBehind(socket) {
  const { retransmits, unacknowledged, notSent } = /** @type {Package} */ (copies[0]).readTcpInfo(socket);
  return Number(retransmits) > 0 || (unacknowledged === 0 && Number(notSent) > 0);
}

/** In the turn in which it was applied. @param {Socket} socket @param {import('tcp-keepalive').KeepaliveProfile} profile */
function holds(socket, profile) {
  counts.held += 1;
  const wanted = heldBy(profile).slice(0, profile.userTimeout === undefined ? -1 : undefined);
  const holding = held(socket).slice(0, wanted.length);
  const [userTimeout = 0, least = Infinity] = [holding[4], wanted[4]];
  if (userTimeout > least && isBehind(socket)) holding[4] = least;
  if (holding.join() !== wanted.join()) fail(new Error(`a socket holds ${holding.join()}, not ${wanted.join()}`));
}

/** @param {Set<Socket>} set @param {Socket} socket */
function own(set, socket) {
  counts.connections += 1;
  set.add(
    socket
      .setMaxListeners(0)
      .on('error', () => {})
      .resume(),
  );
  socket.on('close', () => {
    set.delete(socket);
    nested();
  });
  return socket;
}

let depth = 0;
/** In the middle of something else. */
function nested() {
  if (run.ending || depth > 2 || random() < 0.7) return;
  depth += 1;
  run.step();
  depth -= 1;
}

const descriptors = () => readdirSync('/proc/self/fd').length;

module.exports = {
  ...{ any, attempt, bystanders, copies, counts, descriptors, expected, fail, holds, most, nested, number, own },
  ...{ profiles, random, run, sockets, untouched, values },
};
