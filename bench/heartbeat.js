'use strict';
// What it costs a server to know that its idle WebSocket clients are there: lib/heartbeat-server.js.
const { isolation } = require('../test/support/network-namespace.js');
const { startChild } = require('./lib/child.js');
const { shuffled } = require('./lib/shuffled.js');
const { paired, spread } = require('./lib/statistics.js');

/**
 * @typedef {import('./lib/heartbeat-server.js').Way} Way
 * @typedef {import('./lib/heartbeat-server.js').Run} Run
 * @typedef {{ way: Way, name: string, runs: Run[] }} Lane
 */

const connections = Number(process.env.BENCH_CONNECTIONS ?? 19_500); // a process may have 20,000 descriptors
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const hour = 3600;

/** @param {Way} way @param {string} name @returns {Lane} */
const lane = (way, name) => ({ way, name, runs: [] });

exports.measureHeartbeat = async () => {
  const loop = lane('loop', "ws README's setInterval loop");
  const ours = lane('heartbeat', 'WebSocketHeartbeat');
  const trusting = lane('trusting', 'WebSocketHeartbeat, trustKernel');
  const lanes = [lane('nothing', 'nothing'), loop, ours, trusting, lane('keepalive', 'keepalive alone')];
  /** Of the loop's CPU time. */
  const targets = new Map([
    [ours, 0.5],
    [trusting, 0.3],
  ]);

  // Of its own, so that its bytes are nobody else's.
  const place = isolation();
  const server = startChild(
    'heartbeat-server.js',
    'reason' in place
      ? undefined
      : { execPath: place.command[0], execArgv: [...place.command.slice(1), process.execPath], env: place.env },
  );
  /** @type {{ interval: number }} */
  const { interval } = await server.ask({ open: connections });
  for (let round = 0; round < rounds; round += 1) {
    for (const each of shuffled(lanes)) each.runs.push(await server.ask({ way: each.way }));
  }
  /** @type {number} */
  const lost = await server.ask({ lost: true });
  await server.stop();

  /** @param {Lane} each @param {'cpu' | 'bytes' | 'pings' | 'late' | 'held'} what */
  const all = (each, what) => each.runs.map((run) => run[what]);
  const perHour = hour / interval / connections;
  return {
    connections,
    interval,
    lost,
    isolated: !('reason' in place),
    rows: lanes.map((each) => ({
      name: each.name,
      cpu: spread(all(each, 'cpu').map((cpu) => cpu * perHour)),
      ofLoop: paired(all(each, 'cpu'), all(loop, 'cpu')),
      pings: spread(all(each, 'pings')),
      bytes: spread(all(each, 'bytes').map((bytes) => bytes * perHour)),
      late: spread(all(each, 'late')),
      held: spread(all(each, 'held')),
      target: targets.get(each),
      calmer: each === ours ? paired(all(loop, 'held'), all(ours, 'held')) : undefined,
    })),
  };
};
