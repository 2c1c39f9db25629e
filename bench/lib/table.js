'use strict';
// The results as Markdown.

/** @typedef {import('./statistics.js').Ratio} Ratio */

/** Of a measured time or ratio. @param {Ratio} spread @param {number} digits */
const spreadOf = ({ value, low, high }, digits) =>
  `${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;

/** @param {Ratio | undefined} ratio */
const shown = (ratio) => (ratio === undefined ? '-' : spreadOf(ratio, 2));

/** @param {number} value @param {number | undefined} target @param {string} unit */
const verdict = (value, target, unit) =>
  target === undefined ? '' : `${value <= target ? 'holds' : 'MISSED'} (at most ${target}${unit})`;

/** @param {readonly string[][]} rows */
function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n') + '\n';
}

/** @param {import('./measure.js').Calls} scenarios */
exports.callTables = (scenarios) =>
  scenarios
    .map(({ title, rows }) =>
      table([
        [title, 'system calls', 'us', 'to a C loop of the same', 'to the bare calls', 'target'],
        ...rows.map(({ name, gets, sets, microseconds, ofSame, ofBare, target }) => [
          name,
          `${gets} get, ${sets} set`,
          microseconds.toFixed(2),
          shown(ofSame),
          shown(ofBare),
          verdict(ofSame?.value ?? Number.NaN, target, ''),
        ]),
      ]),
    )
    .join('\n');

/** @param {ReturnType<typeof import('./trace.js').traceCalls>} trace */
exports.traceLine = ({ node, problem, traced, different }) => {
  if (problem !== undefined) return `${node}: the system calls were not checked, strace did not run: ${problem}\n`;
  const same = `${node}: strace saw ${traced - different.length} of ${traced} make the calls of their C loop, in the same order.`;
  return `${[same, ...different].join('\n')}\n`;
};

/** @param {Awaited<ReturnType<typeof import('../accept.js').measureAccept>>} rows */
exports.acceptTable = (rows) =>
  table([
    ['accepting', 'us', 'rate', 'CPU us', 'server CPU', 'CPU of both, connect to close', 'target'],
    ...rows.map(({ name, time, rate, cpu, cpuRatio, lifeCpuRatio, target }) => [
      name,
      time.toFixed(1),
      shown(rate),
      cpu.toFixed(1),
      shown(cpuRatio),
      shown(lifeCpuRatio),
      target === undefined ? '' : `${rate.value >= target ? 'holds' : 'MISSED'} (rate at least ${target})`,
    ]),
  ]);

/** @param {Awaited<ReturnType<typeof import('../register.js').measureRegister>>} rows */
exports.registerTable = (rows) =>
  table([
    ['under the register', 'us', 'rate', 'CPU us', 'CPU'],
    ...rows.map(({ name, time, rate, cpu, cpuRatio }) => [
      name,
      time.toFixed(1),
      shown(rate),
      cpu.toFixed(1),
      shown(cpuRatio),
    ]),
  ]);

/** @param {Awaited<ReturnType<typeof import('../fleet.js').measureFleet>>} fleet */
exports.fleetTable = ({ connections, lost, rows }) =>
  `${table([
    [`${connections} connections`, 'ms', 'to the C loop', '1 ms timer late, ms', 'CPU between ticks, ms', 'target'],
    ...rows.map(({ name, took, ofNative, late, held, targets }) => [
      name,
      spreadOf(took, 0),
      shown(ofNative),
      shown(late),
      shown(held),
      targets === undefined
        ? ''
        : `${verdict(ofNative?.value ?? Number.NaN, targets.ofNative, '')}, ${verdict(late.value, targets.late, ' ms late')}`,
    ]),
  ])}\nOf the ${connections} connections, ${lost} were lost.\n`;

/** @param {Awaited<ReturnType<typeof import('../monitor.js').measureMonitor>>} monitor */
exports.monitorTables = ({ connections, readings, watching }) => {
  const read = table([
    [`last heard of ${connections}`, 'us each', 'to the C loop', 'target'],
    ...readings.map(({ name, microseconds, ofNative, target }) => [
      name,
      shown(microseconds),
      shown(ofNative),
      verdict(ofNative.value, target, ''),
    ]),
  ]);
  const watched = table([
    [`watching ${connections}`, '% of a core', '1 ms timer late, ms', 'CPU between ticks, ms', 'target'],
    ...watching.map(({ name, share, late, held, ...rest }) => [
      name,
      shown(share),
      shown(late),
      shown(held),
      'targets' in rest
        ? `${verdict(share.value, rest.targets.share, ' %')}, ${verdict(held.value, rest.targets.held, ' ms between ticks')}`
        : '',
    ]),
  ]);
  return `${read}\n${watched}`;
};

/** @param {{ calls: number, share: number }} row */
const costCells = ({ calls, share }) => [calls.toFixed(0), share.toFixed(2), ((share * 1e4) / calls).toFixed(2)];

/** @param {Awaited<ReturnType<typeof import('../scale.js').measureScale>>} scale */
exports.scaleTables = ({ checkEvery, lines, targets, simulated }) => {
  const seconds = (/** @type {number} */ silentAfter) => `${silentAfter / 1000} s`;
  const costs = table([
    [
      'watched, silentAfter',
      'processes',
      'connections',
      'getsockopt a second',
      '% of a core',
      'us for each',
      'silent',
      'target',
    ],
    ...lines.flatMap(({ silentAfter, rows }) =>
      rows.map((row) => [
        seconds(silentAfter),
        `${row.processes}`,
        row.connections.toLocaleString('en'),
        ...costCells(row),
        `${row.silent}`,
        silentAfter === targets.silentAfter && row.connections === targets.connections
          ? `${verdict(row.calls, targets.calls, ' a second')}, ${verdict(row.share, targets.share, ' %')}`
          : '',
      ]),
    ),
  ]);
  const millions = lines.map(({ silentAfter, line }) => {
    const million = line.base + 1e6 * line.slope;
    const enough = Math.round((silentAfter / 1000) * million);
    return `The line through the rows with ${seconds(silentAfter)}: ${line.base.toFixed(2)} % and ${(line.slope * 1e4).toFixed(3)} % more for each 10,000; a million by it: ${million.toFixed(1)} % of a core, and 1 % with a silentAfter of ${enough} s and a checkEvery in proportion.`;
  });
  const alone = table([
    [
      `${simulated.connections.toLocaleString('en')} simulated in one process, silentAfter`,
      'looks a second',
      '% of a core',
      'us for each',
      '1 ms timer late, ms',
      'CPU between ticks, ms',
      'bytes each',
      'target',
    ],
    ...simulated.rows.map((row) => [
      seconds(row.silentAfter),
      ...costCells(row),
      row.late.toFixed(2),
      row.held.toFixed(2),
      row.bytes.toFixed(0),
      `${verdict(row.held, simulated.targets.held, ' ms between ticks')}, ${verdict(row.bytes, simulated.targets.bytes, ' bytes')}`,
    ]),
  ]);
  return `${costs}\ncheckEvery: ${checkEvery} ms. ${millions.join(' ')}\n\n${alone}`;
};

/** @param {Awaited<ReturnType<typeof import('../heartbeat.js').measureHeartbeat>>} heartbeat */
exports.heartbeatTable = ({ connections, interval, lost, isolated, rows }) =>
  `${table([
    [
      `${connections} clients, every ${interval} s`,
      'CPU ms an hour and client',
      'to the loop',
      'pings an interval',
      'bytes an hour and client',
      '1 ms timer late, ms',
      'CPU between ticks, ms',
      'target',
    ],
    ...rows.map(({ name, cpu, ofLoop, pings, bytes, late, held, target, calmer }) => [
      name,
      spreadOf({ value: cpu.value * 1000, low: cpu.low * 1000, high: cpu.high * 1000 }, 1),
      shown(ofLoop),
      spreadOf(pings, 0),
      isolated ? spreadOf(bytes, 0) : '-',
      shown(late),
      shown(held),
      [
        verdict(ofLoop.value, target, ''),
        calmer && `${calmer.value >= 5 ? 'holds' : 'MISSED'} (held 5 times shorter: ${calmer.value.toFixed(0)})`,
      ]
        .filter(Boolean)
        .join(', '),
    ]),
  ])}\nOf the ${connections} clients, ${lost} were lost.\n`;

/** @param {ReturnType<typeof import('../load.js').measureLoad>} rows */
exports.loadTable = (rows) =>
  table([
    ['load', 'ms', 'more than the empty script', 'target'],
    ...rows.map(({ name, took, more, target }) => [
      name,
      took.toFixed(1),
      spreadOf(more, 1),
      verdict(more.value, target, ' ms'),
    ]),
  ]);
