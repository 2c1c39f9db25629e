'use strict';
// How fast a server accepts: lib/accept-server.js on each Node, with this process as its clients.
const { startChild } = require('./lib/child.js');
const { floor } = require('./lib/floor.js');
const nodes = require('./lib/nodes.js');
const { shuffled } = require('./lib/shuffled.js');
const { median, paired } = require('./lib/statistics.js');

const connections = 1000; // wait in the accept queue: below net.core.somaxconn, 4096
const rounds = 40;
const warmUpRounds = 3;

/**
 * Microseconds for each connection. time, cpu: of the server, while it accepts; lifeCpu: of both processes, from connect
 * to close.
 * @typedef {{ time: number, cpu: number, lifeCpu: number }} Cost
 *
 * @typedef {import('./lib/child.js').Child} Child
 * @typedef {{ name: string, port: number, turns: number, target?: number }} Listener
 * @typedef {Listener & { node: nodes.RunOn, server: Child, untouched: Cost[], costs: Cost[] }} Lane
 */

/** @param {NodeJS.CpuUsage} usage */
const total = ({ user, system }) => user + system;

/** @param {Pick<Lane, 'server' | 'port'>} lane @returns {Promise<Cost>} */
async function acceptOnce({ server, port }) {
  await server.ask({ accept: connections });
  const atConnect = process.cpuUsage();
  const descriptors = floor.connect(port, connections);
  const connecting = total(process.cpuUsage(atConnect));
  server.stdin?.write('.');
  /** @type {Cost} */
  const { time, cpu, lifeCpu } = await server.answer();
  const atClose = process.cpuUsage();
  floor.reset(descriptors);
  const closing = total(process.cpuUsage(atClose));
  return {
    time: time / connections,
    cpu: cpu / connections,
    lifeCpu: (lifeCpu + connecting + closing) / connections,
  };
}

/** Every lane its turns, in any order. @param {readonly Lane[]} lanes @returns {Promise<Map<Lane, Cost>>} */
async function playRound(lanes) {
  const sums = new Map(lanes.map((lane) => [lane, { time: 0, cpu: 0, lifeCpu: 0 }]));
  for (const lane of shuffled(lanes.flatMap((each) => Array.from({ length: each.turns }, () => each)))) {
    const { time, cpu, lifeCpu } = await acceptOnce(lane);
    const sum = sums.get(lane);
    if (sum === undefined) continue;
    sum.time += time / lane.turns;
    sum.cpu += cpu / lane.turns;
    sum.lifeCpu += lifeCpu / lane.turns;
  }
  return sums;
}

/** @param {nodes.RunOn} node @returns {Promise<Lane[]>} */
async function listen(node) {
  // One thread, also for the collector: wall-clock time is CPU time, whatever the other cores do.
  const server = startChild('accept-server.js', {
    execPath: node.execPath,
    arguments: nodes.argumentsOf(node),
    execArgv: ['--expose-gc', '--single-threaded'],
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  });
  /** @type {Listener[]} */
  const listening = await server.ask({ listen: 2 * connections });
  /** @type {Cost[]} */
  const untouched = [];
  return listening.map((each, index) => ({ ...each, node, server, untouched, costs: index === 0 ? untouched : [] }));
}

exports.acceptOnce = acceptOnce;

exports.measureAccept = async () => {
  const lanes = (await Promise.all(nodes.all.map(listen))).flat();
  for (let round = -warmUpRounds; round < rounds; ++round) {
    for (const [lane, cost] of await playRound(lanes)) if (round >= 0) lane.costs.push(cost);
  }
  await Promise.all([...new Set(lanes.map(({ server }) => server))].map((server) => server.stop()));

  return lanes.map(({ name, node, target, costs, untouched }) => {
    const column = (/** @type {Cost[]} */ of, /** @type {keyof Cost} */ which) => of.map((cost) => cost[which]);
    return {
      node: node.name,
      name: node.onlyNode ? `${name}, on ${node.name}` : name,
      time: median(column(costs, 'time')),
      rate: paired(column(untouched, 'time'), column(costs, 'time')),
      cpu: median(column(costs, 'cpu')),
      cpuRatio: paired(column(costs, 'cpu'), column(untouched, 'cpu')),
      lifeCpuRatio: paired(column(costs, 'lifeCpu'), column(untouched, 'lifeCpu')),
      target,
    };
  });
};
