'use strict';
// node bench/run.js [scenario ...]: all of them without arguments, and then they are recorded (results.json, RESULTS.md) and
// drawn (results.svg, scale.svg). --record: also of some, beside what the record has of the others. --draw: only writes all
// anew from the record.
const { readFileSync } = require('node:fs');
const { parseArgs } = require('node:util');
const { setUp } = require('./lib/setup.js');

setUp();
const { measureAccept } = require('./accept.js');
const { measureFleet } = require('./fleet.js');
const { measureHeartbeat } = require('./heartbeat.js');
const { measureCalls } = require('./lib/measure.js');
const nodes = require('./lib/nodes.js');
const { problems } = require('./lib/packages.js');
const report = require('./lib/report.js');
const { traceCalls } = require('./lib/trace.js');
const { measureLoad } = require('./load.js');
const { measureMonitor } = require('./monitor.js');
const { measureRegister } = require('./register.js');
const { measureScale } = require('./scale.js');
const scenarios = require('./scenarios.js');

/** With processes of their own. @type {Record<string, () => Promise<Partial<report.Results>>>} */
const processes = {
  load: async () => ({ load: measureLoad() }),
  accept: async () => ({ accept: await measureAccept() }),
  register: async () => ({ register: await measureRegister() }),
  fleet: async () => ({ fleet: await measureFleet() }),
  monitor: async () => ({ monitor: await measureMonitor() }),
  scale: async () => ({ scale: await measureScale() }),
  heartbeat: async () => ({ heartbeat: await measureHeartbeat() }),
};

const calls = Object.keys(scenarios);
const names = [...calls, ...Object.keys(processes)];
const { values, positionals } = parseArgs({
  options: { draw: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } },
  allowPositionals: true,
});

async function main() {
  const recorded = () => JSON.parse(readFileSync(report.record, 'utf8'));
  if (values.draw) return report.write(recorded());
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`No scenario ${unknown.join(', ')}; known: ${names.join(', ')}`);
  const wanted = positionals.length === 0 ? names : positionals;

  /** @type {report.Results} */
  const results = { ...report.machine(), problems };
  console.log(report.head(results));
  /** @param {Partial<report.Results>} part */
  const add = (part) => {
    Object.assign(results, part);
    console.log(report.tables(part));
  };
  const asCalls = calls.filter((name) => wanted.includes(name));
  if (asCalls.length > 0) {
    add({ traces: nodes.all.map(traceCalls) });
    add({ calls: await measureCalls(asCalls, nodes.all) });
  }
  for (const [name, play] of Object.entries(processes)) if (wanted.includes(name)) add(await play());
  if (positionals.length === 0) await report.write(results);
  else if (values.record) await report.write({ ...recorded(), ...results });
}

void main();
