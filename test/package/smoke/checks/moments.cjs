'use strict';
// Sockets that are not connected yet, or no longer, or never are TCP, and values that are refused.
const assert = require('node:assert');
const { once } = require('node:events');
const net = require('node:net');
const { check, codeOf, own } = require('../lib/check.cjs');
const { host, listen, pair, pipe } = require('../lib/connections.cjs');
const { keepalive, other, profile } = require('../lib/package.cjs');
const { assertHolds, inEvent } = require('../lib/settings.cjs');

const { applyKeepalive, applyKeepaliveToServer, disableKeepalive, readKeepalive, readTcpInfo } = keepalive;

/** @param {string} expected @param {() => unknown} call */
const refusedAs = (expected, call) => assert.strictEqual(codeOf(call), expected);

module.exports = async function moments() {
  await connecting();
  await check('a closed socket', async () => {
    const { client, accepted } = await pair();
    for (const socket of [client, accepted]) {
      socket.destroy();
      refusedAs('ERR_KEEPALIVE_CLOSED', () => applyKeepalive(socket, profile));
      refusedAs('ERR_KEEPALIVE_CLOSED', () => readKeepalive(socket));
      disableKeepalive(socket);
    }
  });
  await check('refused values: typed, and nothing changed', async () => {
    const { client } = await pair();
    applyKeepalive(client, profile);
    for (const bad of [
      { ...profile, initialDelay: 1500 },
      { ...profile, interval: 0 },
      { ...profile, count: 0 },
      { ...profile, count: 2 ** 31 },
      { ...profile, idle: 1 },
    ]) {
      refusedAs('ERR_KEEPALIVE_PROFILE', () => applyKeepalive(client, bad));
    }
    refusedAs('ERR_INVALID_ARG_TYPE', () => applyKeepalive(/** @type {any} */ ({}), profile));
    assertHolds(client, profile);
  });
  await notTcp();
};

async function connecting() {
  await check('before connect: there in ‘connect’, before the user’s listener', async () => {
    const port = await listen(net.createServer((socket) => void own(socket)));
    const socket = own(new net.Socket());
    const seen = inEvent(socket, 'connect', () => assertHolds(socket, profile));
    assert.strictEqual(applyKeepalive(socket, other), false);
    refusedAs('ERR_KEEPALIVE_NOT_CONNECTED', () => readKeepalive(socket));
    socket.connect(port, host);
    assert.strictEqual(applyKeepalive(socket, profile), false);
    await seen;
  });
  await check('the same socket connects again', async () => {
    const port = await listen(net.createServer((socket) => void own(socket)));
    const socket = own(net.connect(port, host));
    applyKeepalive(socket, profile);
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
    socket.connect(port, host);
    await once(socket, 'connect');
    assertHolds(socket, profile);
  });
}

async function notTcp() {
  const expected = 'ERR_KEEPALIVE_NOT_TCP';
  await check('a Unix-domain socket or pipe', async () => {
    const { server, client } = await pipe();
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    for (const socket of [client, own(accepted)]) {
      refusedAs(expected, () => applyKeepalive(socket, profile));
      refusedAs(expected, () => readTcpInfo(socket));
    }
    refusedAs(expected, () => readKeepalive(server));
    refusedAs(expected, () => applyKeepaliveToServer(server, profile));
  });
  await check('a Unix-domain socket or pipe that is connecting', async () => {
    const { client } = await pipe();
    const failed = new Promise((resolve) => void client.once('error', resolve));
    const code = codeOf(() => applyKeepalive(client, profile));
    assert.strictEqual(code === 'no error' ? (await failed).code : code, expected);
    return code === 'no error' ? "in 'connect'" : 'at once';
  });
}
