'use strict';
// node bench/run.js [scenario ...]: all of them without arguments.
const os = require('node:os');
const { setUp } = require('./lib/setup.js');

setUp();
const { measureAccept } = require('./accept.js');
const { measureFleet } = require('./fleet.js');
const { problems } = require('./lib/contenders.js');
const { measureHeartbeat } = require('./heartbeat.js');
const { measure } = require('./lib/measure.js');
const {
  printAccept,
  printFleet,
  printHeartbeat,
  printLoad,
  printMonitor,
  printScenario,
  printTrace,
} = require('./lib/table.js');
const { traceCalls } = require('./lib/trace.js');
const { measureLoad } = require('./load.js');
const { measureMonitor } = require('./monitor.js');
const scenarios = require('./scenarios.js');

/** Those with processes of their own. @type {Record<string, () => unknown>} */
const processes = {
  load: () => printLoad(measureLoad()),
  accept: async () => printAccept(await measureAccept()),
  fleet: async () => printFleet(await measureFleet()),
  monitor: async () => printMonitor(await measureMonitor()),
  heartbeat: async () => printHeartbeat(await measureHeartbeat()),
};

async function main() {
  const names = [...Object.keys(scenarios), ...Object.keys(processes)];
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`No scenario ${unknown.join(', ')}; known: ${names.join(', ')}`);
  const wanted = (/** @type {string} */ name) => asked.length === 0 || asked.includes(name);
  const cpu = os.cpus();
  console.log(
    `Node ${process.version}, ${os.type()} ${os.release()} ${os.arch()}, ${cpu.length} x ${cpu[0]?.model.trim()}\n`,
  );
  for (const problem of problems) console.log(problem);

  const asCalls = Object.entries(scenarios).filter(([name]) => wanted(name));
  if (asCalls.length > 0) {
    const trace = traceCalls();
    for (const scenario of asCalls.flatMap(([, list]) => list)) {
      printScenario(scenario, await measure(scenario), trace);
    }
    printTrace(trace);
  }
  for (const [name, play] of Object.entries(processes)) {
    if (wanted(name)) await play();
  }
}

void main();
