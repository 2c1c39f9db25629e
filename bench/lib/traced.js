'use strict';
// Run below strace by trace.js: each contender once, then its list in the C loop, with marks between them that strace
// sees as access().
const { existsSync } = require('node:fs');
const { applyKeepalive, disableKeepalive } = require('tcp-keepalive');
const scenarios = require('../scenarios.js');
const { floor, packed } = require('./floor.js');
const { one, other } = require('./profiles.js');
const { closePairs, descriptors, openPairs } = require('./sockets.js');

/** @param {import('./measure.js').Scenario} scenario @param {import('./measure.js').Contender} contender */
async function trace(scenario, { name, calls, reset, run }) {
  const pairs = await openPairs(2);
  const [first, second] = pairs[scenario.side];
  if (first === undefined || second === undefined) return;
  for (const socket of [first, second]) {
    reset?.(socket);
    floor.run(descriptors([socket]), packed(scenario.before));
  }
  existsSync(`mark: contender: ${scenario.title}, ${name}`);
  run(first);
  existsSync('mark: floor');
  floor.run(descriptors([second]), packed(calls));
  existsSync('mark: end');
  await closePairs(pairs);
}

async function main() {
  // Once in a process, a new profile is tried on a scratch socket and the system is asked for a user timeout.
  const pairs = await openPairs(1);
  for (const socket of pairs.client) {
    applyKeepalive(socket, one);
    applyKeepalive(socket, other);
    disableKeepalive(socket);
  }
  await closePairs(pairs);
  for (const scenario of Object.values(scenarios).flat()) {
    for (const contender of scenario.contenders) await trace(scenario, contender);
  }
}

void main();
