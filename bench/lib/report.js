'use strict';
// What a run of all scenarios leaves: the record, its tables and its picture.
const { writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const prettier = require('prettier');
const { packages } = require('./packages.js');
const { drawResults } = require('./results-picture.js');
const { drawScale } = require('./scale-picture.js');
const table = require('./table.js');

/**
 * @typedef {object} Results
 * @property {string} node
 * @property {string} system
 * @property {string} cpu
 * @property {readonly string[]} packages with their versions
 * @property {readonly string[]} problems packages that are left out, and why
 * @property {ReturnType<typeof import('./trace.js').traceCalls>[]} [traces]
 * @property {import('./measure.js').Calls} [calls]
 * @property {ReturnType<typeof import('../load.js').measureLoad>} [load]
 * @property {Awaited<ReturnType<typeof import('../accept.js').measureAccept>>} [accept]
 * @property {Awaited<ReturnType<typeof import('../register.js').measureRegister>>} [register]
 * @property {Awaited<ReturnType<typeof import('../fleet.js').measureFleet>>} [fleet]
 * @property {Awaited<ReturnType<typeof import('../monitor.js').measureMonitor>>} [monitor]
 * @property {Awaited<ReturnType<typeof import('../scale.js').measureScale>>} [scale]
 * @property {Awaited<ReturnType<typeof import('../heartbeat.js').measureHeartbeat>>} [heartbeat]
 */

const folder = path.join(__dirname, '..');
exports.record = path.join(folder, 'results.json');

exports.machine = () => {
  const cpus = os.cpus();
  return {
    node: process.versions.node,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu: `${cpus.length} x ${cpus[0]?.model.trim()}`,
    packages: packages.map(({ name, version }) => `${name} ${version}`),
  };
};

/** @param {Results} results */
exports.head = ({ node, system, cpu, packages, problems }) =>
  [`Node ${node}, ${system}, ${cpu}. Compared with ${packages.join(', ')}.`, ...problems, ''].join('\n');

/** @param {Partial<Results>} results */
exports.tables = ({ traces = [], calls, load, accept, register, fleet, monitor, scale, heartbeat }) =>
  [
    calls && table.callTables(calls),
    ...traces.map(table.traceLine),
    load && table.loadTable(load),
    accept && table.acceptTable(accept),
    register && table.registerTable(register),
    fleet && table.fleetTable(fleet),
    monitor && table.monitorTables(monitor),
    scale && table.scaleTables(scale),
    heartbeat && table.heartbeatTable(heartbeat),
  ]
    .filter((part) => part !== undefined)
    .join('\n');

/** @param {string} file @param {string} text */
async function writeFormatted(file, text) {
  writeFileSync(file, await prettier.format(text, { ...(await prettier.resolveConfig(file)), filepath: file }));
}

/** @param {Results} results */
exports.write = async (results) => {
  const { head, record, tables } = exports;
  await writeFormatted(record, JSON.stringify(results));
  const title =
    '# Results\n\nWritten by `npm run bench`; [README.md](README.md) says what is measured and how to read it.\n';
  const picture = '![What a call costs](results.svg)\n';
  await writeFormatted(path.join(folder, 'RESULTS.md'), [title, head(results), picture, tables(results)].join('\n'));
  writeFileSync(path.join(folder, 'results.svg'), drawResults(results));
  if (results.scale !== undefined) writeFileSync(path.join(folder, 'scale.svg'), drawScale(results.scale, results));
};
