'use strict';
// Sockets that are connected: apply, read, disable, re-tune.
const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { isLinux } = require('../lib/arguments.cjs');
const { check } = require('../lib/check.cjs');
const { pair } = require('../lib/connections.cjs');
const { keepalive, other, profile } = require('../lib/package.cjs');
const { applied, assertHolds } = require('../lib/settings.cjs');

const { applyKeepalive, readKeepalive } = keepalive;

module.exports = async function sockets() {
  if (isLinux) {
    await check('a binary of the package', () => {
      const [, binary] = /\/(?:prebuilds|build)\/(\S+\.node)$/m.exec(readFileSync('/proc/self/maps', 'utf8')) ?? [];
      assert.ok(binary !== undefined);
      return binary;
    });
  }
  await check('the system’s settings', () => {
    const { initialDelay, interval, count } = keepalive.readSystemKeepalive();
    return `${initialDelay / 1000}/${interval / 1000}/${count}`;
  });
  await check('a client socket', async () => applied((await pair()).client, profile));
  await check('an accepted socket', async () => applied((await pair()).accepted, profile));
  await check('another profile, disabled, enabled again', async () => {
    const { client } = await pair();
    await applied(client, profile);
    await applied(client, other);
    keepalive.disableKeepalive(client);
    assertHolds(client, other, false);
    assert.strictEqual(applyKeepalive(client, other), true);
    assertHolds(client, other);
  });
  await check('the user timeout', async () => {
    const { client } = await pair();
    assert.strictEqual(applyKeepalive(client, { ...profile, userTimeout: 'match' }), true);
    const { userTimeout } = readKeepalive(client);
    assert.strictEqual(userTimeout, keepalive.keepaliveSupport.userTimeout ? 68_000 : null);
    applyKeepalive(client, { ...profile, userTimeout: 50_000 });
    return `${readKeepalive(client).userTimeout} ms`;
  });
  await check('readTcpInfo', async () => {
    const { client } = await pair();
    const { state, rtt } = keepalive.readTcpInfo(client);
    // qemu does not pass TCP_INFO on: of its four bytes nothing is believed.
    if (state === null && process.platform === 'linux' && process.arch !== 'x64') return 'not told: an emulator';
    assert.strictEqual(state, 'established');
    return `${state}, rtt ${rtt} ms, last heard ${keepalive.lastHeard(client)} ms ago`;
  });
  await check('applyKeepaliveToAll', async () => {
    const pairs = [await pair(), await pair(), await pair()];
    const sockets = pairs.flatMap(({ client, accepted }) => [client, accepted]);
    const { applied, failed } = await keepalive.applyKeepaliveToAll(sockets, profile, { spread: 0 });
    assert.deepStrictEqual([applied, failed.length], [6, 0]);
    for (const socket of sockets) assertHolds(socket, profile);
  });
};
