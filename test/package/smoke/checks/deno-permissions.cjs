'use strict';
// Deno with no other permissions than those that the README names, and --allow-net.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const net = require('node:net');
const path = require('node:path');
const { folder } = require('../lib/arguments.cjs');
const { check } = require('../lib/check.cjs');
const { pair } = require('../lib/connections.cjs');
const { keepalive, profile } = require('../lib/package.cjs');
const { assertHolds } = require('../lib/settings.cjs');
const silence = require('./silence.cjs');

/** In this process, with all permissions: starts one for each set of them. */
exports.startPermitted = async function startPermitted() {
  for (const sys of ['uid', 'uid,osUptime']) {
    const permissions = `--allow-ffi --allow-read --allow-sys=${sys}`;
    await check(`in Deno with --allow-net ${permissions}`, () => {
      const flags = ['run', '--no-prompt', '--no-config', '--allow-net', ...permissions.split(' ')];
      const smoke = path.join(__dirname, '..', 'smoke.cjs');
      const script = [smoke, '--permitted', ...(folder === undefined ? [] : [folder])];
      const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...script], { encoding: 'utf8' });
      assert.strictEqual(status, 0, `${stdout}${stderr}`);
    });
  }
};

/** In the process that has only those. */
exports.permitted = async function permitted() {
  await check('a client and an accepted socket', async () => {
    const { client, accepted } = await pair();
    for (const socket of [client, accepted]) {
      keepalive.applyKeepalive(socket, profile);
      assertHolds(socket, profile);
    }
  });
  await check('a server', async () => {
    const server = net.createServer();
    keepalive.applyKeepaliveToServer(server, profile);
    assertHolds((await pair(server)).accepted, profile);
  });
  await silence();
};
