'use strict';
// Whether what was measured is what was promised.

/**
 * @typedef {import('./cases.js').Case} Case
 * @typedef {import('./program.js').Peer & Partial<import('./wire.js').Seen>} MeasuredPeer
 *
 * @typedef {object} Run
 * @property {number} start
 * @property {number} stopped
 * @property {MeasuredPeer[]} peers
 */

/** Emulated and shared machines run their timers late. */
const room = 500;

exports.verdictOf = verdictOf;

/** When a connection was given up. @param {MeasuredPeer} peer @param {Run} run */
function verdictOf({ reset, ended }, { stopped }) {
  const verdict = Math.min(reset ?? Infinity, ended ?? Infinity);
  return verdict <= stopped ? verdict : undefined;
}

/** @param {readonly number[]} times @param {number} end */
function lastBefore(times, end) {
  return Math.max(...times.filter((time) => time < end));
}

/**
 * @param {Case} case_ @param {ReadonlyMap<string, Run>} runs @param {typeof import('tcp-keepalive')} promises
 * @returns {{ ok: boolean, measured: string, bound: string }}
 */
exports.judge = (case_, runs, { detectionTime }) => {
  const run = runs.get(case_.name);
  if (run === undefined) return { ok: false, measured: 'was not run', bound: '' };
  const { promised } = case_;
  const profile = case_.steps.reduce((latest, step) => step.profile ?? latest, case_.profile);
  const bounds = /** @type {Record<string, number | null | undefined>} */ ({ ...detectionTime(profile) });
  const bound = promised.within === undefined ? undefined : (bounds[promised.within] ?? undefined);

  const living = livingLost(case_, run);
  const like =
    promised.likeCase === undefined
      ? 0
      : livingLost({ ...case_, promised: { alive: promised.alive ?? 0 } }, runs.get(promised.likeCase) ?? run);
  const allowed = case_.name.startsWith('30 %') ? like + case_.peers / 10 : 0;
  const failures = living > allowed ? [`${living} of ${case_.peers} live ones lost`] : [];
  const said = promised.alive === undefined ? [] : [`${case_.peers - living} of ${case_.peers} live ones kept`];
  if (promised.since !== undefined) {
    const { taken, fewest, unnoticed } = noticed(case_, run);
    const slowest = Math.max(...taken);
    said.push(`noticed after ${inSeconds(Math.min(...taken))} to ${inSeconds(slowest)}`);
    if (unnoticed > 0) failures.push(`${unnoticed} never noticed`);
    if (bound === undefined) failures.push(`detectionTime has no ${promised.within}`);
    else if (slowest > bound + room) failures.push(`${inSeconds(slowest - bound)} too late`);
    if (promised.probed === true) {
      const few = fewest.filter((count) => count < profile.count).length;
      said.push(`after ${Math.min(...fewest)} to ${Math.max(...fewest)} probes`);
      if (few > 0) failures.push(`${few} of ${fewest.length} before probe ${profile.count}`);
    }
  }
  return {
    ok: failures.length === 0,
    measured: [...failures, ...said].join(', '),
    bound: bound === undefined ? '' : `${promised.within} ${inSeconds(bound)}`,
  };
};

/** @param {Case} case_ @param {Run} run */
function livingLost({ promised: { alive = 0 } }, run) {
  return run.peers.filter((peer) => (verdictOf(peer, run) ?? Infinity) < run.start + alive).length;
}

/** @param {Case} case_ @param {Run} run */
function noticed({ promised: { since, alive = 0 } }, run) {
  const taken = [];
  const fewest = [];
  let unnoticed = 0;
  for (const peer of run.peers) {
    const verdict = verdictOf(peer, run);
    if (verdict === undefined) unnoticed += 1;
    if (verdict === undefined || verdict < run.start + alive) continue;
    const from =
      since === 'write'
        ? peer.wrote
        : since === 'retune'
          ? peer.retuned
          : Math.max(lastBefore(peer.heard ?? [], verdict), peer.applied);
    taken.push(verdict - (from ?? NaN));
    fewest.push((peer.probes ?? []).filter((at) => at >= (from ?? NaN) && at < verdict).length);
  }
  return { taken, fewest, unnoticed };
}

/** @param {number} milliseconds */
function inSeconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
