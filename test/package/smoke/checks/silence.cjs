'use strict';
// The watchdog and the monitor.
const assert = require('node:assert');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { check } = require('../lib/check.cjs');
const { pair } = require('../lib/connections.cjs');
const { heartbeat, keepalive } = require('../lib/package.cjs');

module.exports = async function silence() {
  await check('a silent connection: the watchdog ends it, the monitor says so', async () => {
    const { client, accepted } = await pair();
    const monitor = new keepalive.LivenessMonitor({ silentAfter: 60_000, checkEvery: 20 });
    monitor.watch(accepted.resume());
    const gone = once(monitor, 'gone');
    // Not in an emulator, which leaves out most of TCP_INFO.
    if (keepalive.lastHeard(accepted) !== null) while (monitor.snapshot().unknown > 0) await sleep(20);
    /** @type {Promise<NodeJS.ErrnoException>} */
    const failed = new Promise((resolve) => void client.once('error', resolve));
    new heartbeat.SilenceWatchdog({ timeout: 200 }).watch(client);
    assert.strictEqual((await failed).code, 'ERR_KEEPALIVE_SILENCE');
    const [, reason] = await gone;
    assert.strictEqual(reason, 'closed');
  });
};
