'use strict';
// A peer that vanishes, in a network namespace of its own; before that, what others can ask the kernel for.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const tls = require('node:tls');
const { setTimeout: sleep } = require('node:timers/promises');
const { cut, isBun, isWindows } = require('../lib/arguments.cjs');
const certificate = require('../lib/certificate.cjs');
const { check, codeOf, say } = require('../lib/check.cjs');
const { pair, securePair } = require('../lib/connections.cjs');
const { keepalive, other, profile } = require('../lib/package.cjs');

/** @typedef {import('../lib/package.cjs').Profile} Profile */

const { applyKeepalive, keepaliveSupport } = keepalive;

/** @param {import('node:net').Socket} socket @param {Profile} wanted */
function sayHeld({ localPort, remotePort }, { initialDelay, interval, count, userTimeout }) {
  const silence = userTimeout === 'match' && keepaliveSupport.userTimeout ? initialDelay + interval * count : 0;
  say(`holds ${localPort}:${remotePort} 1 ${initialDelay / 1000} ${interval / 1000} ${count} ${silence}`);
}

/** A client socket, and both ends of a TLS connection of a server that has a profile. */
async function holdForOthers() {
  /** @type {Profile} */
  const wanted = { ...profile, userTimeout: 'match' };
  /** @type {Profile} */
  const served = { ...other, userTimeout: 'match' };
  const { client } = await pair();
  applyKeepalive(client, wanted);
  codeOf(() => applyKeepalive(client, { ...other, count: 0 }));
  const server = tls.createServer(certificate);
  keepalive.applyKeepaliveToServer(server, served);
  const secure = await securePair(server);
  applyKeepalive(secure.client, wanted);
  sayHeld(client, wanted);
  sayHeld(secure.client, wanted);
  sayHeld(secure.accepted, served);
}

module.exports = async function silentPeer() {
  await check('a silent peer', async () => {
    await holdForOthers();
    const { accepted } = await pair();
    const quick = { initialDelay: 1_000, interval: 1_000, count: 3 };
    applyKeepalive(accepted, quick);
    sayHeld(accepted, quick);
    say('held');
    await sleep(2_500);
    assert.strictEqual(accepted.destroyed, false, 'a live peer answers');
    /** @type {Promise<NodeJS.ErrnoException | undefined>} */
    const ended = new Promise(
      (resolve) => void accepted.once('error', resolve).once('close', () => resolve(undefined)),
    );
    accepted.resume();
    say('ready');
    const start = performance.now();
    if (cut !== undefined) assert.strictEqual(spawnSync('sh', ['-c', cut], { stdio: 'inherit' }).status, 0);
    const error = await ended;
    const noticed = `noticed after ${Math.round(performance.now() - start)} ms`;
    if (isBun && isWindows && error === undefined) return `${noticed}: 'end' and 'close', no 'error'`;
    assert.strictEqual(error?.code, 'ETIMEDOUT');
    assert.strictEqual(keepalive.disconnectReason(error), 'timed-out');
    return `${noticed}: ${error.code}, ${error.syscall}`;
  });
};
