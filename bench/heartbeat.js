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
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const hour = 3600;

/** @param {Way} way @param {string} name @returns {Lane} */
const lane = (way, name) => ({ way, name, runs: [] });

exports.measureHeartbeat = async () => {
  const nothing = lane('nothing', 'nothing');
  const loop = lane('loop', "ws README's setInterval loop");
  const ours = lane('heartbeat', 'WebSocketHeartbeat');
  const trusting = lane('trusting', 'WebSocketHeartbeat, trustKernel');
  const lanes = [nothing, loop, ours, trusting, lane('keepalive', 'keepalive alone')];
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

  /** Without what the clients' own messages cost. @param {Lane} each @param {'cpu' | 'bytes'} what */
  const own = (each, what) => each.runs.map((run, round) => run[what] - (nothing.runs[round]?.[what] ?? Number.NaN));
  const perHour = hour / interval / connections;
  return {
    connections,
    interval,
    lost,
    isolated: !('reason' in place),
    rows: lanes.map((each) => ({
      name: each.name,
      cpu: each === nothing ? undefined : spread(own(each, 'cpu').map((cpu) => cpu * perHour)),
      ofLoop: each === nothing ? undefined : paired(own(each, 'cpu'), own(loop, 'cpu')),
      bytes: each === nothing ? undefined : spread(own(each, 'bytes').map((bytes) => bytes * perHour)),
      late: spread(each.runs.map(({ late }) => late)),
      held: spread(each.runs.map(({ held }) => held)),
      target: targets.get(each),
      calmer:
        each === ours
          ? paired(
              loop.runs.map(({ held }) => held),
              ours.runs.map(({ held }) => held),
            )
          : undefined,
    })),
  };
};
