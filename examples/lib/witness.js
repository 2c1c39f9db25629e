'use strict';
const { spawnSync } = require('node:child_process');

/**
 * What the kernel tells `ss` about the timer of one connection: the keepalive settings seen by another program.
 * @param {import('node:net').Socket} socket
 * @returns {string | null} null where there is no ss to ask
 */
exports.timerBySs = function timerBySs({ localAddress, localPort, remoteAddress, remotePort }) {
  if (process.platform !== 'linux') return null;
  const connection = ['src', `${localAddress}:${localPort}`, 'dst', `${remoteAddress}:${remotePort}`];
  const { status, stdout } = spawnSync('ss', ['-tno', ...connection], { encoding: 'utf8', timeout: 5_000 });
  if (status !== 0 || !stdout.includes(`:${remotePort}`)) return null;
  return /timer:\S+/.exec(stdout)?.[0] ?? 'no timer';
};
