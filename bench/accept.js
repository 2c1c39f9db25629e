'use strict';
// How fast a server accepts: lib/accept-server.js, with this process as its clients.
const { startChild } = require('./lib/child.js');
const { floor } = require('./lib/floor.js');
const { median, paired } = require('./lib/statistics.js');

const connections = 1000; // wait in the accept queue: below net.core.somaxconn, 4096
const rounds = 40;
const warmUpRounds = 3;

/**
 * Microseconds for each connection. time, cpu: of the server, while it accepts; lifeCpu: of both processes, from connect
 * to close.
 * @typedef {{ time: number, cpu: number, lifeCpu: number }} Cost
 * @typedef {{ name: string, port: number, turns: number, target?: number, costs: Cost[] }} Lane
 */

/** @param {NodeJS.CpuUsage} usage */
const total = ({ user, system }) => user + system;

/** @param {import('./lib/child.js').Child} server @param {number} port @returns {Promise<Cost>} */
async function acceptOnce(server, port) {
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

/** Every lane its turns, in any order. @param {import('./lib/child.js').Child} server @param {Lane[]} lanes */
async function playRound(server, lanes) {
  const order = lanes
    .flatMap((lane) => Array.from({ length: lane.turns }, () => ({ lane, place: Math.random() })))
    .sort((a, b) => a.place - b.place);
  /** @type {Map<Lane, Cost>} */
  const sums = new Map();
  for (const { lane } of order) {
    const sum = sums.get(lane) ?? { time: 0, cpu: 0, lifeCpu: 0 };
    const cost = await acceptOnce(server, lane.port);
    sums.set(lane, { time: sum.time + cost.time, cpu: sum.cpu + cost.cpu, lifeCpu: sum.lifeCpu + cost.lifeCpu });
  }
  for (const [lane, { time, cpu, lifeCpu }] of sums) {
    const { turns } = lane;
    lane.costs.push({ time: time / turns, cpu: cpu / turns, lifeCpu: lifeCpu / turns });
  }
}

exports.measureAccept = async () => {
  // One thread, also for the collector: wall-clock time is CPU time, whatever the other cores do.
  const server = startChild('accept-server.js', {
    execArgv: ['--expose-gc', '--single-threaded'],
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  });
  /** @type {Omit<Lane, 'costs'>[]} */
  const listening = await server.ask({ listen: 2 * connections });
  const lanes = listening.map((lane) => ({ ...lane, costs: /** @type {Cost[]} */ ([]) }));
  for (let round = -warmUpRounds; round < rounds; ++round) {
    if (round === 0) for (const lane of lanes) lane.costs = [];
    await playRound(server, lanes);
  }
  await server.stop();

  /** @param {Lane | undefined} lane @param {keyof Cost} which */
  const column = (lane, which) => lane?.costs.map((cost) => cost[which]) ?? [];
  const [untouched] = lanes;
  return lanes.map((lane) => ({
    name: lane.name,
    time: median(column(lane, 'time')),
    rate: paired(column(untouched, 'time'), column(lane, 'time')),
    cpu: median(column(lane, 'cpu')),
    cpuRatio: paired(column(lane, 'cpu'), column(untouched, 'cpu')),
    lifeCpuRatio: paired(column(lane, 'lifeCpu'), column(untouched, 'lifeCpu')),
    target: lane.target,
  }));
};
