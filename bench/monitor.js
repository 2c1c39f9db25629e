'use strict';
// Reading when many peers were last heard from, and a monitor over them beside a 1 ms timer: lib/monitor-server.js.
const { startChild } = require('./lib/child.js');
const { shuffled } = require('./lib/shuffled.js');
const { ratio, spread } = require('./lib/statistics.js');

/** @typedef {import('./lib/monitor-server.js').Reading} Reading */
/** @typedef {import('./lib/monitor-server.js').Watch} Watch */
/** @typedef {import('./lib/monitor-server.js').Peers} Peers */

const connections = 19_500; // a process may have 20,000 descriptors
const warmUpRounds = 5;
const rounds = 40;
const watchedRounds = 15; // of some seconds each

exports.measureMonitor = async () => {
  const server = startChild('monitor-server.js');
  await server.ask({ open: connections });

  /** @type {Record<Reading, number[]>} */
  const times = { native: [], batch: [], loop: [] };
  const readings = /** @type {Reading[]} */ (Object.keys(times));
  for (let round = -warmUpRounds; round < rounds; ++round) {
    for (const read of shuffled(readings)) {
      const time = await server.ask({ read });
      if (round >= 0) times[read].push(time);
    }
  }

  await server.ask({ tune: true });
  /** @type {Record<Peers, Watch[]>} */
  const watches = { heard: [], silent: [], nothing: [] };
  for (let round = 0; round < watchedRounds; ++round) {
    for (const peers of shuffled(/** @type {Peers[]} */ (Object.keys(watches)))) {
      watches[peers].push(await server.ask({ watch: peers }));
    }
  }
  await server.stop();

  const reading = (
    /** @type {Reading} */ read,
    /** @type {string} */ name,
    /** @type {number | undefined} */ target,
  ) => ({
    name,
    microseconds: spread(times[read]),
    ofNative: ratio(times[read], times.native),
    target,
  });
  const watching = (/** @type {Watch[]} */ runs, /** @type {string} */ name) => ({
    name,
    share: spread(runs.map(({ share }) => share)),
    late: spread(runs.map(({ late }) => late)),
    held: spread(runs.map(({ held }) => held)),
  });
  return {
    connections,
    readings: [
      reading('native', 'a C loop of getsockopt(TCP_INFO)', undefined),
      reading('batch', 'in batches, as the monitor does', 1.15),
      reading('loop', 'lastHeard(socket) in a loop', undefined),
    ],
    watching: [
      { ...watching(watches.heard, 'LivenessMonitor, peers that answer probes'), targets: { share: 0.6, held: 1.5 } },
      { ...watching(watches.silent, 'LivenessMonitor, peers that are silent'), targets: { share: 6, held: 1.5 } },
      watching(watches.nothing, 'nothing'),
    ],
  };
};
