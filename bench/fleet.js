'use strict';
// Re-tuning a fleet of live connections beside a 1 ms timer: lib/fleet-server.js.
const { startChild } = require('./lib/child.js');
const { shuffled } = require('./lib/shuffled.js');
const { paired, spread } = require('./lib/statistics.js');

/**
 * @typedef {import('./lib/fleet-server.js').Way} Way
 * @typedef {import('./lib/fleet-server.js').Run} Run
 * @typedef {{ way: Way, name: string, runs: Run[] }} Lane
 */

const connections = 19_500; // a process may have 20,000 descriptors
const warmUpRounds = 5;
const rounds = 30;
const pacedRounds = 5; // of a second each

/** @param {Way} way @param {string} name @returns {Lane} */
const lane = (way, name) => ({ way, name, runs: [] });

/** @param {import('./lib/child.js').Child} server @param {readonly Lane[]} lanes @param {boolean} counts */
async function playRound(server, lanes, counts) {
  for (const each of shuffled(lanes)) {
    const run = await server.ask({ way: each.way });
    if (counts) each.runs.push(run);
  }
}

exports.measureFleet = async () => {
  const native = lane('native', 'a C loop of the same system calls');
  const sliced = lane('sliced', 'applyKeepaliveToAll, spread: 0');
  const idle = lane('short idle', 'nothing');
  const atOnce = [
    native,
    lane('loop', 'applyKeepalive in a plain loop'),
    sliced,
    lane('node', 'setKeepAlive(true, ms) in a plain loop'),
    idle,
  ];
  const paced = [lane('paced', 'applyKeepaliveToAll, initialDelay: 1000'), lane('long idle', 'nothing')];

  const server = startChild('fleet-server.js');
  await server.ask({ open: connections });
  for (let round = -warmUpRounds; round < rounds; ++round) await playRound(server, atOnce, round >= 0);
  for (let round = 0; round < pacedRounds; ++round) await playRound(server, paced, true);
  /** @type {number} */
  const lost = await server.ask({ lost: true });
  await server.stop();

  const took = (/** @type {Lane} */ { runs }) => runs.map((run) => run.took);
  return {
    connections,
    lost,
    rows: [...atOnce, ...paced].map((each) => ({
      name: each.name,
      took: spread(took(each)),
      ofNative: ![...paced, idle].includes(each) ? paired(took(each), took(native)) : undefined,
      late: spread(each.runs.map(({ late }) => late)),
      held: spread(each.runs.map(({ held }) => held)),
      targets: each === sliced ? { ofNative: 1.25, late: 1 } : undefined,
    })),
  };
};
