'use strict';
// The results as Markdown, so that they can be pasted into README.md.

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
function print(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  console.log([line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n') + '\n');
}

/**
 * @param {import('./measure.js').Scenario} scenario
 * @param {import('./measure.js').Results} results
 * @param {ReturnType<typeof import('./trace.js').traceCalls>} trace
 */
exports.printScenario = ({ title }, results, trace) => {
  print([
    [title, 'system calls', 'us', 'to a C loop of the same', 'to the bare calls', 'target'],
    ...results.map(({ contender, microseconds, ofSame, ofBare }) => {
      const { name, calls, target } = contender;
      const sets = calls.filter(([set]) => set === 1).length;
      const traced = trace.rows.find((row) => row.title === title && row.name === name);
      return [
        name,
        `${calls.length - sets} get, ${sets} set${traced?.same === false ? ' (strace: NOT SO)' : ''}`,
        microseconds.toFixed(2),
        shown(ofSame),
        shown(ofBare),
        verdict(ofSame?.value ?? Number.NaN, target, ''),
      ];
    }),
  ]);
};

/** @param {Awaited<ReturnType<typeof import('../accept.js').measureAccept>>} rows */
exports.printAccept = (rows) => {
  print([
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
};

/** @param {Awaited<ReturnType<typeof import('../fleet.js').measureFleet>>} fleet */
exports.printFleet = ({ connections, lost, rows }) => {
  print([
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
  ]);
  console.log(`Of the ${connections} connections, ${lost} were lost.\n`);
};

/** @param {Awaited<ReturnType<typeof import('../monitor.js').measureMonitor>>} monitor */
exports.printMonitor = ({ connections, readings, watching }) => {
  print([
    [`last heard of ${connections}`, 'us each', 'to the C loop', 'target'],
    ...readings.map(({ name, microseconds, ofNative, target }) => [
      name,
      shown(microseconds),
      shown(ofNative),
      verdict(ofNative.value, target, ''),
    ]),
  ]);
  print([
    [`watching ${connections}`, '% of a core', '1 ms timer late, ms', 'CPU between ticks, ms', 'target'],
    ...watching.map(({ name, share, late, held, ...rest }) => [
      name,
      shown(share),
      shown(late),
      shown(held),
      'targets' in rest
        ? `${verdict(share.value, rest.targets.share, ' %')}, ${verdict(late.value, rest.targets.late, ' ms late')}`
        : '',
    ]),
  ]);
};

/** @param {Awaited<ReturnType<typeof import('../heartbeat.js').measureHeartbeat>>} heartbeat */
exports.printHeartbeat = ({ connections, interval, lost, isolated, rows }) => {
  print([
    [
      `${connections} clients, every ${interval} s`,
      'CPU ms an hour and client',
      'to the loop',
      'bytes an hour and client',
      '1 ms timer late, ms',
      'CPU between ticks, ms',
      'target',
    ],
    ...rows.map(({ name, cpu, ofLoop, bytes, late, held, calmer }) => [
      name,
      cpu === undefined ? '-' : spreadOf({ value: cpu.value * 1000, low: cpu.low * 1000, high: cpu.high * 1000 }, 1),
      shown(ofLoop),
      bytes === undefined || !isolated ? '-' : spreadOf(bytes, 0),
      shown(late),
      shown(held),
      calmer === undefined
        ? ''
        : `${verdict(ofLoop?.value ?? Number.NaN, 0.5, '')}, ${calmer.value >= 5 ? 'holds' : 'MISSED'} (held 5 times shorter: ${calmer.value.toFixed(0)})`,
    ]),
  ]);
  console.log(`Of the ${connections} clients, ${lost} were lost.\n`);
};

/** @param {ReturnType<typeof import('../load.js').measureLoad>} load */
exports.printLoad = ({ empty, loaded, extra, low, high, target }) => {
  print([
    ['load', 'ms', 'more', 'target'],
    ['empty script', empty.toFixed(1), '', ''],
    [
      "require('tcp-keepalive')",
      loaded.toFixed(1),
      `${extra.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`,
      verdict(extra, target, ' ms'),
    ],
  ]);
};

/** @param {ReturnType<typeof import('./trace.js').traceCalls>} trace */
exports.printTrace = ({ problem, rows }) => {
  if (problem !== undefined) {
    console.log(`The lists of system calls were not checked, strace did not run: ${problem}`);
    return;
  }
  const differ = rows.filter(({ same }) => !same);
  for (const { title, name, gets, sets } of differ) {
    console.log(`${title}, ${name}: strace saw ${gets} getsockopt and ${sets} setsockopt, not the list of the C loop`);
  }
  if (differ.length === 0) console.log('strace saw each contender make the calls of its C loop, in the same order.');
  const again = rows.find(({ title, name }) => title === 'the same profile again' && name.startsWith('applyKeepalive'));
  console.log(`The same profile again, by strace: ${again?.gets} getsockopt, ${again?.sets} setsockopt.\n`);
};
