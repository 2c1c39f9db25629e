'use strict';
// To be preloaded (`node -r`): prints "held [...] by PROCESS.THREAD" for each connection that any net server of this
// process, its cluster workers and its threads accepts, by raw getsockopt.
const { subscribe } = require('node:diagnostics_channel');
const { writeSync } = require('node:fs');
const { threadId } = require('node:worker_threads');
const { held } = require('../../support/oracle.js');

subscribe('net.server.socket', (message) => {
  const { socket } = /** @type {{ socket: import('node:net').Socket }} */ (message);
  writeSync(1, `held ${JSON.stringify(held(socket))} by ${process.pid}.${threadId}\n`);
});
