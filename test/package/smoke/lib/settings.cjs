'use strict';
// What a socket holds: as the package reads it, and as the kernel shows it by another road where there is one.
const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { isLinux } = require('./arguments.cjs');
const { applyKeepalive, readKeepalive } = require('./package.cjs').keepalive;

/**
 * @typedef {import('./package.cjs').Profile} Profile
 * @typedef {import('node:net').Socket} Socket
 * @typedef {import('node:net').Server} Server
 */

/** @param {Socket | Server} target @param {Profile} wanted @param {boolean} [enabled] */
function assertHolds(target, wanted, enabled = true) {
  const { userTimeout, ...held } = readKeepalive(target);
  const { initialDelay, interval, count } = wanted;
  assert.deepStrictEqual(held, { enabled, initialDelay, interval, count });
}

exports.assertHolds = assertHolds;

/** In an event, before the listeners that are added later. @param {import('node:events').EventEmitter} emitter @param {string} event @param {(...args: any[]) => unknown} look */
exports.inEvent = (emitter, event, look) =>
  new Promise((resolve, reject) => {
    emitter.once(event, (...args) => {
      try {
        resolve(look(...args));
      } catch (error) {
        reject(error);
      }
    });
  });

/** Applies, reads back, and asks the kernel by another road where there is one. @param {Socket} socket @param {Profile} wanted */
exports.applied = async function applied(socket, wanted) {
  assert.notStrictEqual(readKeepalive(socket).initialDelay, wanted.initialDelay);
  assert.strictEqual(applyKeepalive(socket, wanted), true);
  assertHolds(socket, wanted);
  if (!isLinux) return 'read back by readKeepalive only';
  const seconds = await quietTimerOf(socket);
  const expected = wanted.initialDelay / 1000;
  assert.ok(seconds > expected - 5 && seconds <= expected + 1, `/proc/net/tcp shows a timer of ${seconds} s`);
  return `/proc/net/tcp: timer ${seconds} s`;
};

/** Once what was written has been acknowledged: until then another timer runs. @param {Socket} socket */
async function quietTimerOf(socket) {
  for (let tries = 0; tries < 100 && timerOf(socket) === undefined; ++tries) await sleep(20);
  return timerOf(socket) ?? Number.NaN;
}

/** Seconds on the keepalive timer that the kernel shows in /proc/net/tcp for a connection. @param {Socket} socket */
function timerOf({ localPort, remotePort }) {
  /** @param {number | undefined} port */
  const hex = (port) => `:${Number(port).toString(16).toUpperCase().padStart(4, '0')} `;
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  const row = rows.find((text) => text.includes(`${hex(localPort)}`) && text.includes(`${hex(remotePort)}01 `));
  const [, hundredths] = /^.*? 01 \S+ 02:([0-9A-F]+) /.exec(row ?? '') ?? [];
  return hundredths === undefined ? undefined : Number.parseInt(hundredths, 16) / 100;
}
