'use strict';
// Rounds of everything on equal sockets, in another order each time.
const { floor, packed } = require('./floor.js');
const { closePairs, descriptors, openPairs } = require('./sockets.js');
const { median, ratio } = require('./statistics.js');

/**
 * @typedef {import('node:net').Socket} Socket
 * @typedef {import('./floor.js').Call} Call
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {readonly Call[]} calls the system calls it makes; trace.js holds this against strace
 * @property {(socket: Socket) => void} run
 * @property {(socket: Socket) => void} [reset] before each timed run, untimed
 * @property {number} [target] at most this ratio to a C loop of the same system calls
 *
 * @typedef {object} Scenario
 * @property {string} title
 * @property {'accepted' | 'client'} side
 * @property {boolean} fresh new connections in every round
 * @property {readonly Call[]} before the state that every timed run starts from
 * @property {readonly Call[]} bare the five system calls that nobody can do without
 * @property {readonly Contender[]} contenders
 *
 * @typedef {{ calls: Int32Array, each?: Contender, times: number[] }} Lane
 */

const socketsPerLane = 200; // eight lanes stay below 4096 descriptors
const rounds = 40;
const warmUpRounds = 15; // thousands of calls, as in a server that has run for a while

/** One lane for each contender and for each list of system calls. @param {Scenario} scenario */
function lanesOf(scenario) {
  /** @type {Map<string, Lane>} */
  const floors = new Map();
  for (const calls of [scenario.bare, ...scenario.contenders.map((contender) => contender.calls)]) {
    floors.set(String(calls), { calls: packed(calls), times: [] });
  }
  const contenders = scenario.contenders.map((each) => ({ each, calls: packed(each.calls), times: [] }));
  return { contenders, floors, all: /** @type {Lane[]} */ ([...contenders, ...floors.values()]) };
}

/** Nanoseconds for each socket. @param {Lane} lane @param {readonly Socket[]} sockets @param {Int32Array} before */
function time({ each, calls }, sockets, before) {
  const fds = descriptors(sockets);
  if (each?.reset !== undefined) for (const socket of sockets) each.reset(socket);
  if (before.length > 0) floor.run(fds, before);
  const start = process.hrtime.bigint();
  if (each === undefined) floor.run(fds, calls);
  else for (const socket of sockets) each.run(socket);
  return Number(process.hrtime.bigint() - start) / sockets.length;
}

/** Every lane once, in any order. @param {Scenario} scenario @param {Lane[]} lanes @param {import('./sockets.js').Pairs} pairs */
function playRound({ side, fresh, before }, lanes, pairs) {
  const sockets = pairs[side];
  const state = packed(before);
  const order = lanes.map((lane, index) => ({ lane, index, place: Math.random() })).sort((a, b) => a.place - b.place);
  return order.map(({ lane, index }) => {
    // Fresh sockets are dealt out like cards, so that every lane has sockets of every age.
    const own = fresh ? sockets.filter((_, place) => place % lanes.length === index) : sockets;
    return { lane, nanoseconds: time(lane, own, state) };
  });
}

/** @param {Scenario} scenario */
async function measure(scenario) {
  const { contenders, floors, all } = lanesOf(scenario);
  const count = scenario.fresh ? socketsPerLane * all.length : socketsPerLane;
  let pairs = await openPairs(count);
  for (let round = -warmUpRounds; round < rounds; ++round) {
    const results = playRound(scenario, all, pairs);
    if (round >= 0) for (const { lane, nanoseconds } of results) lane.times.push(nanoseconds);
    if (!scenario.fresh) continue;
    await closePairs(pairs);
    pairs = await openPairs(count);
  }
  await closePairs(pairs);
  return contenders.map(({ each, times }) => ({
    contender: each,
    microseconds: median(times) / 1000,
    ofSame: each.calls.length === 0 ? undefined : ratio(times, floors.get(String(each.calls))?.times ?? []),
    ofBare: ratio(times, floors.get(String(scenario.bare))?.times ?? []),
  }));
}

/** @typedef {Awaited<ReturnType<typeof measure>>} Results */

module.exports = { measure };
