'use strict';
// Rounds of all scenarios that time single calls, on each Node in turns: player.js.
const { startChild } = require('./child.js');
const { argumentsOf } = require('./nodes.js');
const { shuffled } = require('./shuffled.js');
const { median, ratio } = require('./statistics.js');

/**
 * @typedef {import('node:net').Socket} Socket
 * @typedef {import('./floor.js').Call} Call
 * @typedef {import('./player.js').Programme} Programme
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {readonly Call[]} calls the system calls it makes; trace.js holds this against strace
 * @property {(socket: Socket) => void} run
 * @property {((socket: Socket) => void) | undefined} [reset] before each timed run, untimed
 * @property {number | undefined} [target] at most this ratio to a C loop of the same system calls
 *
 * @typedef {object} Scenario
 * @property {string} title
 * @property {'accepted' | 'client'} side
 * @property {boolean} fresh new connections in every round
 * @property {readonly Call[]} before the state that every timed run starts from
 * @property {readonly Call[]} bare the fewest system calls that do the job
 * @property {readonly Contender[]} contenders
 *
 * @typedef {{ node: import('./nodes.js').RunOn, player: import('./child.js').Child, number: number, programme: Programme, rounds: number[][] }} Show
 */

const rounds = 40;
const warmUpRounds = 15; // thousands of calls, as in a server that has run for a while

/** @param {import('./nodes.js').RunOn} node @param {readonly string[]} names @returns {Promise<Show[]>} */
async function prepare(node, names) {
  const player = startChild('player.js', { execPath: node.execPath, arguments: argumentsOf(node) });
  /** @type {Programme[]} */
  const programmes = await player.ask({ prepare: names });
  return programmes.map((programme, number) => ({ node, player, number, programme, rounds: [] }));
}

/** A row for each contender. Floors are of the same process. @param {Show} show */
function rowsOf({ node, programme, rounds: played }) {
  const times = (/** @type {number} */ lane) => played.map((round) => round[lane] ?? Number.NaN);
  return programme.contenders.map(({ name, gets, sets, target, lane, same }) => ({
    node: node.name,
    name: node.onlyNode ? `${name}, on ${node.name}` : name,
    gets,
    sets,
    target,
    microseconds: median(times(lane)) / 1000,
    ofSame: gets + sets === 0 ? undefined : ratio(times(lane), times(same)),
    ofBare: ratio(times(lane), times(programme.bare)),
  }));
}

/** @param {readonly string[]} names of scenarios.js @param {readonly import('./nodes.js').RunOn[]} nodes */
async function measureCalls(names, nodes) {
  const shows = (await Promise.all(nodes.map((node) => prepare(node, names)))).flat();
  for (let round = -warmUpRounds; round < rounds; ++round) {
    for (const { player, number, rounds: played } of shuffled(shows)) {
      const times = await player.ask({ play: number });
      if (round >= 0) played.push(times);
    }
  }
  await Promise.all([...new Set(shows.map(({ player }) => player))].map((player) => player.stop()));
  const titles = [...new Set(shows.map(({ programme }) => programme.title))];
  return titles.map((title) => ({
    title,
    rows: shows.filter(({ programme }) => programme.title === title).flatMap(rowsOf),
  }));
}

/** @typedef {Awaited<ReturnType<typeof measureCalls>>} Calls */

module.exports = { measureCalls };
