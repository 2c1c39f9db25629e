'use strict';
// What a LivenessMonitor costs by the number of connections: lib/scale-server.js, as many processes as descriptors ask for.
const { startChild } = require('./lib/child.js');

const mostOfProcess = 19_500; // a process may have 20,000 descriptors
const checkEvery = 200;

/**
 * Peers answer a probe in each `initialDelay`: they are never silent. `settle` is after the first look at each. In `counted`
 * each is looked at a whole number of times: the kernel makes the times between probes up to an eighth longer.
 */
const often = {
  silentAfter: 12_000,
  initialDelay: 5_000,
  settle: 3_000,
  counted: 20_000,
  sizes: [1_000, 4_000, 10_000, 19_500, 39_000, 100_000],
};
const seldom = {
  silentAfter: 60_000,
  initialDelay: 25_000,
  settle: 8_000,
  counted: 52_000,
  sizes: [4_000, 19_500, 100_000],
};
const targets = { silentAfter: seldom.silentAfter, connections: 4_000, calls: 100, share: 0.2 };
const simulated = { connections: 200_000, targets: { held: 1.5, bytes: 120 } };

/** The collector that V8 starts in an idle process would visit what was allocated for the sockets while CPU is counted. */
const start = () => startChild('scale-server.js', { execArgv: ['--expose-gc', '--no-memory-reducer'] });

/** @typedef {typeof often} Times */
/** @typedef {import('./lib/scale-server.js').Cost} Cost */

/** The line through the points, by least squares. @param {readonly { connections: number, share: number }[]} points */
function lineThrough(points) {
  const mean = (/** @type {readonly number[]} */ values) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const x = mean(points.map(({ connections }) => connections));
  const y = mean(points.map(({ share }) => share));
  const slope =
    mean(points.map((point) => (point.connections - x) * (point.share - y))) /
    mean(points.map(({ connections }) => (connections - x) ** 2));
  return { slope, base: y - slope * x };
}

/** @param {readonly Cost[]} costs */
const sum = (costs) => ({
  share: costs.reduce((total, { share }) => total + share, 0),
  calls: costs.reduce((total, { calls }) => total + calls, 0),
  silent: costs.reduce((total, { silent }) => total + silent, 0),
});

/** @param {Times} times */
async function measureLine({ sizes, initialDelay, ...times }) {
  /** @type {{ child: import('./lib/child.js').Child, holds: number }[]} */
  const servers = [];
  const rows = [];
  for (const connections of sizes) {
    for (let first = 0, i = 0; first < connections; first += mostOfProcess, i += 1) {
      const held = (servers[i] ??= { child: start(), holds: 0 });
      const wanted = Math.min(mostOfProcess, connections - first);
      if (wanted === held.holds) continue;
      await held.child.ask({ open: { count: wanted - held.holds, initialDelay } });
      held.holds = wanted;
    }
    const costs = await Promise.all(servers.map(({ child }) => child.ask({ watch: { ...times, checkEvery } })));
    rows.push({ connections, processes: servers.length, ...sum(costs) });
  }
  await Promise.all(servers.map(({ child }) => child.stop()));
  return { silentAfter: times.silentAfter, rows, line: lineThrough(rows) };
}

/** @param {Times} times @returns {Promise<Cost & { silentAfter: number }>} */
async function simulate({ initialDelay, silentAfter, settle }) {
  const server = start();
  await server.ask({ open: { count: simulated.connections, initialDelay, simulated: true } });
  const counted = Math.floor(silentAfter / initialDelay) * initialDelay; // each is looked at once
  const cost = await server.ask({ watch: { silentAfter, checkEvery, settle, counted } });
  await server.stop();
  return { silentAfter, ...cost };
}

exports.measureScale = async () => ({
  checkEvery,
  lines: [await measureLine(often), await measureLine(seldom)],
  targets,
  simulated: { ...simulated, rows: [await simulate(often), await simulate(seldom)] },
});
