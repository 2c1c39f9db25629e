'use strict';
// The long form (npm run soak) and the short one that CI runs (test/system/soak.test.ts).

/**
 * Milliseconds where nothing else is said.
 * @typedef {object} Form
 * @property {number} connections of each pair of processes: one may have 20 000 descriptors on the machine of bench/RECORDS.md
 * @property {number} pairs of a server process and a client process
 * @property {number} groups of connections that can be cut, each with an address of its own
 * @property {number} duration from the moment when all are connected
 * @property {number} churn connections that each client process ends and replaces in a second
 * @property {number} retuneEvery
 * @property {number} settle from a mended cable to the next cut
 * @property {readonly [import('tcp-keepalive').KeepaliveProfile, import('tcp-keepalive').KeepaliveProfile]} profiles
 *   taken in turns
 * @property {import('tcp-keepalive').LivenessOptions} liveness the silence is longer than a live peer's can be, two delays
 *   (a new profile starts the clock anew), and shorter than that of one that is given up
 */

/** @type {Record<'long' | 'short', Form>} */
exports.forms = {
  long: {
    connections: 10_000,
    pairs: 2,
    groups: 10,
    duration: 600_000,
    churn: 50,
    retuneEvery: 47_000,
    settle: 5_000,
    profiles: [
      { initialDelay: 10_000, interval: 5_000, count: 5, userTimeout: 'match' },
      { initialDelay: 12_000, interval: 4_000, count: 6, userTimeout: 'match' },
    ],
    liveness: { silentAfter: 28_000, checkEvery: 1_000 },
  },
  short: {
    connections: 500,
    pairs: 2,
    groups: 5,
    duration: 18_000,
    churn: 50,
    retuneEvery: 5_000,
    settle: 1_000,
    profiles: [
      { initialDelay: 2_000, interval: 1_000, count: 5, userTimeout: 'match' },
      { initialDelay: 1_000, interval: 1_000, count: 6, userTimeout: 'match' },
    ],
    liveness: { silentAfter: 5_000, checkEvery: 200 },
  },
};
