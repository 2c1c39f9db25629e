'use strict';
const { setTimeout: sleep } = require('node:timers/promises');
const { dim, green, print, red } = require('./screen.js');

/** @typedef {import('./push-server.js').PushServer} PushServer */

const before = 2;
const second = 1000;

/**
 * Prints second by second which clients two servers believe in, cuts one client off at 0 s, and tells what came of it.
 * @param {object} scene
 * @param {PushServer} scene.withProfile
 * @param {PushServer} scene.without
 * @param {readonly string[]} scene.names
 * @param {string} scene.victim
 * @param {() => void} scene.cut
 * @param {number} scene.duration milliseconds after the cut, or until the victim is noticed if that takes longer
 * @param {number} scene.deadline milliseconds after the cut when it is no longer waited for
 * @returns {Promise<{ after: number, reason: string } | null>} when the server with the profile lost the victim, and why
 */
exports.timeline = async function timeline({ withProfile, without, names, victim, cut, duration, deadline }) {
  let cutOff = false;
  /** @param {PushServer} server */
  const believed = (server) =>
    names
      .map((name) => {
        if (!server.clients.has(name)) return dim('-'.repeat(name.length));
        return cutOff && name === victim ? red(name) : green(name);
      })
      .join('  ');
  /** @param {string} time */
  const row = (time, note = '') =>
    print(`${time.padStart(7)}   ${believed(withProfile)}    ${believed(without)}    ${note}`.trimEnd());

  const width = names.join('  ').length;
  print(`${'time'.padStart(7)}   ${'with profile'.padEnd(width)}    ${'without'}`);
  for (let left = before; left > 0; left--) {
    row(`-${left} s`);
    await sleep(second);
  }

  // Taken before the cut: what is measured is never less than the truth.
  const start = performance.now();
  cut();
  cutOff = true;
  row('0 s', `${victim}'s cable is cut`);

  /** @type {{ after: number, reason: string } | null} */
  let verdict = null;
  /** @param {PushServer} server */
  const report = (server) => (/** @type {string} */ name, /** @type {string} */ reason) => {
    const after = performance.now() - start;
    if (server === withProfile && name === victim) verdict = { after, reason };
    row(`+${(after / second).toFixed(1)} s`, `${reason}: ${name} is gone`);
  };
  const reports = [withProfile, without].map((server) => ({ server, listener: report(server) }));
  for (const { server, listener } of reports) server.on('gone', listener);

  for (let time = second; time <= (verdict ? duration : deadline); time += second) {
    await sleep(Math.max(0, start + time - performance.now()));
    row(`+${time / second} s`);
  }
  for (const { server, listener } of reports) server.off('gone', listener);
  return verdict;
};
