'use strict';
// Started by measure.js on each Node: plays a round of a scenario when it is told to. Every lane once, on equal sockets, in
// random order.
const scenarios = require('../scenarios.js');
const { floor, packed } = require('./floor.js');
const { shuffled } = require('./shuffled.js');
const { closePairs, descriptors, openPairs } = require('./sockets.js');

/**
 * @typedef {import('./measure.js').Scenario} Scenario
 * @typedef {import('./measure.js').Contender} Contender
 * @typedef {{ calls: Int32Array, contender?: Contender }} Lane
 * @typedef {{ scenario: Scenario, before: Int32Array, lanes: Lane[], pairs?: import('./sockets.js').Pairs }} Stage
 *
 * @typedef {object} Programme what a process plays, with the numbers of its lanes
 * @property {string} title
 * @property {number} bare
 * @property {{ name: string, gets: number, sets: number, target: number | undefined, lane: number, same: number }[]} contenders
 */

const socketsPerLane = 200;

/** One lane for each contender and for each list of system calls. @param {Scenario} scenario */
function stageOf(scenario) {
  const { contenders, bare, before } = scenario;
  const lists = [
    ...new Map([bare, ...contenders.map(({ calls }) => calls)].map((calls) => [String(calls), calls])).values(),
  ];
  /** @type {Lane[]} */
  const lanes = [
    ...contenders.map((contender) => ({ contender, calls: packed(contender.calls) })),
    ...lists.map((calls) => ({ calls: packed(calls) })),
  ];
  const numberOf = (/** @type {Contender['calls']} */ calls) =>
    contenders.length + lists.findIndex((list) => String(list) === String(calls));
  /** @type {Programme} */
  const programme = {
    title: scenario.title,
    bare: numberOf(bare),
    contenders: contenders.map(({ name, calls, target }, lane) => {
      const sets = calls.filter(([set]) => set === 1).length;
      return { name, gets: calls.length - sets, sets, target, lane, same: numberOf(calls) };
    }),
  };
  /** @type {Stage} */
  const stage = { scenario, before: packed(before), lanes };
  return { stage, programme };
}

/** Nanoseconds for each socket. @param {Lane} lane @param {readonly import('node:net').Socket[]} sockets @param {Int32Array} before */
function time({ contender, calls }, sockets, before) {
  const fds = descriptors(sockets);
  if (contender?.reset !== undefined) for (const socket of sockets) contender.reset(socket);
  if (before.length > 0) floor.run(fds, before);
  const start = process.hrtime.bigint();
  if (contender === undefined) floor.run(fds, calls);
  else for (const socket of sockets) contender.run(socket);
  return Number(process.hrtime.bigint() - start) / sockets.length;
}

/** Nanoseconds for each socket, by the number of the lane. @param {Stage} stage */
async function play(stage) {
  const { scenario, before, lanes } = stage;
  const { fresh, side } = scenario;
  const pairs = (stage.pairs ??= await openPairs(fresh ? socketsPerLane * lanes.length : socketsPerLane));
  const sockets = pairs[side];
  /** @type {number[]} */
  const times = [];
  for (const [index, lane] of shuffled([...lanes.entries()])) {
    // Fresh sockets are dealt out like cards, so that every lane has sockets of every age.
    const own = fresh ? sockets.filter((_, place) => place % lanes.length === index) : sockets;
    times[index] = time(lane, own, before);
  }
  if (fresh) {
    delete stage.pairs;
    await closePairs(pairs);
  }
  return times;
}

/** @type {Stage[]} */
let stages = [];

process.on('message', async (/** @type {{ prepare?: string[], play?: number }} */ message) => {
  if (message.prepare !== undefined) {
    const prepared = message.prepare.flatMap((name) => scenarios[name] ?? []).map(stageOf);
    stages = prepared.map(({ stage }) => stage);
    process.send?.(prepared.map(({ programme }) => programme));
  }
  const stage = stages[message.play ?? -1];
  if (stage !== undefined) process.send?.(await play(stage));
});
process.on('disconnect', () => process.exit());
