'use strict';
// What the calls leave open.
const assert = require('node:assert');
const { readdirSync } = require('node:fs');
const { isLinux } = require('../lib/arguments.cjs');
const { check, codeOf } = require('../lib/check.cjs');
const { pair } = require('../lib/connections.cjs');
const { keepalive, profile } = require('../lib/package.cjs');

const { applyKeepalive } = keepalive;

module.exports = async function descriptors() {
  if (!isLinux) return; // Wine shows this machine's /proc
  await check('no descriptor is left behind', async () => {
    const { client, server } = await pair();
    const call = () => {
      applyKeepalive(client, profile);
      keepalive.readKeepalive(server);
      codeOf(() => keepalive.readTcpInfo(client));
      keepalive.disableKeepalive(client);
      keepalive.applyKeepaliveToServer(server, profile).stop();
      codeOf(() => applyKeepalive(client, { ...profile, initialDelay: 1 }));
    };
    call();
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 50; ++i) call();
    assert.strictEqual(readdirSync('/proc/self/fd').length - before, 0);
  });
};
