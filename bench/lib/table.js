'use strict';
// The results as Markdown, so that they can be pasted into README.md.

/** @typedef {import('./statistics.js').Ratio} Ratio */

/** @param {Ratio | undefined} ratio */
const shown = (ratio) =>
  ratio === undefined ? '-' : `${ratio.value.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`;

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
  console.log(`The same profile again, by strace: ${again?.gets} getsockopt, ${again?.sets} setsockopt.`);
};
