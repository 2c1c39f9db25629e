'use strict';
// What `tcp-keepalive/register` costs a process that accepts, one that connects, and a round-robin cluster: each against
// the same program without it.
const { once } = require('node:events');
const net = require('node:net');
const { acceptOnce } = require('./accept.js');
const { startChild } = require('./lib/child.js');
const { shuffled } = require('./lib/shuffled.js');
const { median, paired } = require('./lib/statistics.js');

/**
 * @typedef {import('./lib/child.js').Child} Child
 * @typedef {import('node:child_process').ForkOptions} ForkOptions
 *
 * @typedef {{ time: number, cpu: number }} Cost microseconds for each connection
 * @typedef {{ child: Child, play: () => Promise<Cost> }} Program
 */

const connections = 1000; // as in accept.js
const rounds = 40;
const warmUpRounds = 5;
const oneThread = ['--expose-gc', '--single-threaded'];

/** Each starts a program under a given preload. @type {Record<string, (options: ForkOptions) => Promise<Program>>} */
const jobs = {
  accepting: (options) => accepting('accept-server.js', options),
  connecting,
  'accepting in a round-robin worker': (options) => accepting('cluster-server.js', options),
};

/** @type {Record<string, ForkOptions>} */
const ways = {
  untouched: {},
  'untouched, a second process': {},
  'tcp-keepalive/register': {
    execArgv: ['--require', 'tcp-keepalive/register'],
    env: { ...process.env, TCP_KEEPALIVE_SERVERS: 'presence', TCP_KEEPALIVE_CONNECTIONS: 'presence' },
  },
};

/** @param {string} script @param {ForkOptions} options @returns {Promise<Program>} */
async function accepting(script, { execArgv = [], env }) {
  const child = startChild(script, {
    arguments: ['--only-untouched'],
    execArgv: [...execArgv, ...oneThread],
    env,
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
  });
  const [{ port }] = await child.ask({ listen: 2 * connections });
  return { child, play: () => acceptOnce({ server: child, port }) };
}

/** @param {ForkOptions} options @returns {Promise<Program>} */
async function connecting({ execArgv = [], env }) {
  const child = startChild('register-client.js', { execArgv: [...execArgv, ...oneThread], env });
  let open = 0;
  let onIdle = () => {};
  const server = net.createServer((socket) => {
    open += 1;
    socket.on('error', () => {}).on('close', () => (open -= 1) === 0 && onIdle());
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 2 * connections }).unref();
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  return {
    child,
    play: async () => {
      const idle = new Promise((resolve) => (onIdle = () => resolve(undefined)));
      const { time, cpu } = await child.ask({ port, connect: connections });
      await idle;
      return { time: time / connections, cpu: cpu / connections };
    },
  };
}

/** @param {string} name @param {(options: ForkOptions) => Promise<Program>} start */
async function measureJob(name, start) {
  const lanes = await Promise.all(
    Object.entries(ways).map(async ([way, options]) => ({
      way,
      ...(await start(options)),
      costs: /** @type {Cost[]} */ ([]),
    })),
  );
  for (let round = -warmUpRounds; round < rounds; ++round) {
    for (const { play, costs } of shuffled(lanes)) {
      const cost = await play();
      if (round >= 0) costs.push(cost);
    }
  }
  await Promise.all(lanes.map(({ child }) => child.stop()));
  const untouched = lanes[0]?.costs ?? [];
  const column = (/** @type {Cost[]} */ costs, /** @type {keyof Cost} */ which) => costs.map((cost) => cost[which]);
  return lanes.map(({ way, costs }) => ({
    name: `${name}, ${way}`,
    time: median(column(costs, 'time')),
    rate: paired(column(untouched, 'time'), column(costs, 'time')),
    cpu: median(column(costs, 'cpu')),
    cpuRatio: paired(column(costs, 'cpu'), column(untouched, 'cpu')),
  }));
}

exports.measureRegister = async () => {
  const rows = [];
  for (const [name, start] of Object.entries(jobs)) rows.push(...(await measureJob(name, start)));
  return rows;
};
