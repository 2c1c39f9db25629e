'use strict';
// What a LivenessMonitor costs by the number of connections: lib/scale-server.js, as many processes as descriptors ask for.
const { startChild } = require('./lib/child.js');

const mostOfProcess = 19_500; // a process may have 20,000 descriptors
const sizes = [1_000, 4_000, 10_000, 19_500, 39_000, 100_000];
/** Peers answer a probe in each `initialDelay`: they are never silent. */
const often = { initialDelay: 5_000, silentAfter: 12_000, checkEvery: 200, settle: 5_000, counted: 20_000 };
const seldom = { initialDelay: 25_000, silentAfter: 60_000, checkEvery: 200, settle: 10_000, counted: 100_000 };
const seldomConnections = 4_000;

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

exports.measureScale = async () => {
  const server = startChild('scale-server.js');
  await server.ask({ open: { count: seldomConnections, initialDelay: seldom.initialDelay } });
  const shown = { connections: seldomConnections, ...sum([await server.ask({ watch: seldom })]) };
  await server.stop();

  /** @type {{ child: import('./lib/child.js').Child, holds: number }[]} */
  const servers = [];
  const rows = [];
  for (const connections of sizes) {
    for (let first = 0, i = 0; first < connections; first += mostOfProcess, i += 1) {
      const held = (servers[i] ??= { child: startChild('scale-server.js'), holds: 0 });
      const wanted = Math.min(mostOfProcess, connections - first);
      if (wanted === held.holds) continue;
      await held.child.ask({ open: { count: wanted - held.holds, initialDelay: often.initialDelay } });
      held.holds = wanted;
    }
    const costs = await Promise.all(servers.map(({ child }) => child.ask({ watch: often })));
    rows.push({ connections, processes: servers.length, ...sum(costs) });
  }
  await Promise.all(servers.map(({ child }) => child.stop()));
  const { silentAfter, checkEvery } = often;
  return {
    silentAfter,
    checkEvery,
    rows,
    line: lineThrough(rows),
    shown: { ...shown, silentAfter: seldom.silentAfter, targets: { calls: 100, share: 0.2 } },
  };
};
