'use strict';
// What the model of Linux is compared with: test/profile/recorded-runs.json, of idle connections whose peers vanished.
const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { casesOf } = require('./cases.js');
const { verdictOf } = require('./judge.js');

/**
 * @typedef {object} Cell
 * @property {string} kernel
 * @property {import('./clock.js').Clock} clock
 * @property {ReadonlyMap<string, import('./judge.js').Run>} runs
 *
 * @typedef {object} RecordedPeer milliseconds, `jiffies` being the tick at 0
 * @property {number} applied
 * @property {number} userTimeout
 * @property {readonly number[]} heard
 * @property {readonly number[]} probes
 * @property {number} verdict
 */

const file = path.join(__dirname, '..', '..', 'profile', 'recorded-runs.json');
/** Of each case. */
const mostPeers = 4;

/** @param {readonly Cell[]} cells */
exports.record = (cells) => {
  const recorded = cells.flatMap(({ kernel, clock, runs }) =>
    casesOf('long')
      .filter(({ name }) => name.startsWith('vanished: ') && runs.has(name))
      .map(({ name, profile: { initialDelay, interval, count } }) => {
        const run = /** @type {import('./judge.js').Run} */ (runs.get(name));
        // What an overloaded machine was late to apply to has been lent patience, which is taken back at some moment.
        const exact = Math.min(...run.peers.map(({ userTimeout }) => userTimeout));
        const noticed = run.peers.filter((peer) => verdictOf(peer, run) !== undefined);
        const peers = noticed.filter(({ userTimeout }) => userTimeout === exact);
        const every = Math.max(1, Math.floor(peers.length / mostPeers));
        const chosen = peers.filter((_, index) => index % every === 0).slice(0, mostPeers);
        const timing = { initialDelay, interval, count };
        return { kernel, rate: clock.rate, jiffies: clock.jiffies, ...timing, peers: chosen.map(of(clock, run)) };
      }),
  );
  writeFileSync(file, `[\n${recorded.map((run) => JSON.stringify(run)).join(',\n')}\n]\n`);
};

/** @param {import('./clock.js').Clock} clock @param {import('./judge.js').Run} run */
function of({ time }, run) {
  const since = (/** @type {number} */ at) => Math.round((at - time) * 10) / 10;
  return (/** @type {import('./judge.js').MeasuredPeer} */ peer) => ({
    applied: since(peer.applied),
    userTimeout: peer.userTimeout,
    heard: (peer.heard ?? []).map(since),
    probes: (peer.probes ?? []).map(since),
    verdict: since(verdictOf(peer, run) ?? NaN),
  });
}
