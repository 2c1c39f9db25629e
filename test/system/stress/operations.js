'use strict';
// Every call on sockets that open, close and take each other's descriptors meanwhile, in any order and from within each
// other's events. A program (--operations, --seed, --gc, --copies ROOT,ROOT), a worker that never ends (run.js), or both.
const { once } = require('node:events');
const net = require('node:net');
const tls = require('node:tls');
const { parentPort } = require('node:worker_threads');
const calls = require('./calls.js');
const heartbeats = require('./heartbeats.js');
const monitors = require('./monitors.js');
const servers = require('./servers.js');
const { any, attempt, bystanders, copies, counts, descriptors } = require('./world.js');
const { fail, number, own, run, sockets, untouched, values } = require('./world.js');

let before = 0;

run.step = () => {
  const socket = any([...sockets]) ?? own(sockets, new net.Socket());
  const call = calls.anyCall();
  attempt(() => call(any(copies), socket));
};

const pauses = [
  () => new Promise(setImmediate),
  () => new Promise((resolve) => process.nextTick(resolve)),
  () => Promise.resolve(),
  () => new Promise((resolve) => setTimeout(resolve, 1)),
];

async function close() {
  run.ending = true;
  for (const socket of bystanders) untouched(socket);
  while (calls.fleetsRun()) await new Promise(setImmediate);
  servers.close();
  calls.close();
  const deadline = Date.now() + 10_000;
  const left = () => descriptors() - before;
  const isClosed = () => left() <= 0 && monitors.haveReported() && heartbeats.haveLetGo();
  while (!isClosed() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  if (left() > 0) fail(new Error(`${left()} descriptors are left`));
  monitors.check();
  heartbeats.check();
}

async function main() {
  // What is opened once and stays open is opened before it is counted.
  tls.createSecureContext();
  const first = net.createServer();
  await servers.listen(first);
  first.close();
  await once(first, 'close');
  before = descriptors();
  await servers.open();
  monitors.addMonitor(any(copies));
  parentPort?.postMessage('running');
  const last = Number(values.operations);
  while (run.operations < last) {
    for (let i = number(20); i >= 0; i -= 1) run.step();
    await any(pauses)();
  }
  await close();
  console.log(JSON.stringify({ seed: Number(values.seed), operations: run.operations, ...counts }));
}

process.on('warning', (warning) => {
  if (warning.name === 'KeepaliveWarning') fail(warning);
});
process.on('uncaughtException', fail);
main().then(() => process.exit(), fail);
