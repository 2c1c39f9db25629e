'use strict';
// node bench/run.js [scenario ...]: all of them without arguments.
const os = require('node:os');
const { setUp } = require('./lib/setup.js');

setUp();
const { problems } = require('./lib/contenders.js');
const { measure } = require('./lib/measure.js');
const { printLoad, printScenario, printTrace } = require('./lib/table.js');
const { traceCalls } = require('./lib/trace.js');
const { measureLoad } = require('./load.js');
const scenarios = require('./scenarios.js');

async function main() {
  const names = [...Object.keys(scenarios), 'load'];
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`No scenario ${unknown.join(', ')}; known: ${names.join(', ')}`);
  const wanted = (/** @type {string} */ name) => asked.length === 0 || asked.includes(name);
  const cpu = os.cpus();
  console.log(
    `Node ${process.version}, ${os.type()} ${os.release()} ${os.arch()}, ${cpu.length} x ${cpu[0]?.model.trim()}\n`,
  );
  for (const problem of problems) console.log(problem);

  const trace = traceCalls();
  for (const [name, list] of Object.entries(scenarios)) {
    if (!wanted(name)) continue;
    for (const scenario of list) printScenario(scenario, await measure(scenario), trace);
  }
  if (wanted('load')) printLoad(measureLoad());
  printTrace(trace);
}

void main();
