'use strict';
// Draws what run.js recorded: for each job a row for each way to do it, with its median and quartiles.
const { drawing, rounded, text } = require('./svg.js');

/**
 * @typedef {import('./report.js').Results} Results
 * @typedef {{ name: string, more: string, ratio: import('./statistics.js').Ratio }} Row
 * @typedef {{ title: string, rows: readonly Row[] }} Group
 */

const width = 840;
const margin = 20;
const plot = { left: 405, width: 320 };
const axis = { from: 0.7, to: 30, marks: [1, 2, 5, 10, 20] };
const top = 84;
const rowHeight = 21;
const headHeight = 30;
const groupGap = 14;

/** The jobs that are drawn, by the title of their table. */
const jobs = {
  'first time on an accepted socket': 'A profile on a new connection, to the bare system calls in C',
  'another profile, accepted socket': 'Another profile on a live one, to the bare system calls in C',
  read: 'Reading it back, to the bare system calls in C',
};

/** @param {number} ratio */
const across = (ratio) => {
  const inside = Math.min(Math.max(ratio, axis.from), axis.to);
  return rounded(plot.left + (plot.width * Math.log(inside / axis.from)) / Math.log(axis.to / axis.from));
};

/** @param {string} name */
const isOurs = (name) => /^(apply|read)Keepalive/.test(name);

/** @param {Results} results @returns {Group[]} */
function groupsOf({ node, calls = [], accept = [] }) {
  // Ours takes as long on the newest Node; what that one does by itself is news.
  const isShown = (/** @type {{ name: string, node: string }} */ row) =>
    !row.name.includes('untouched') && (!isOurs(row.name) || row.node === `Node ${node}`);
  const timed = calls.flatMap(({ title, rows }) => {
    const job = jobs[/** @type {keyof typeof jobs} */ (title)];
    const shown = rows.filter(isShown).map(({ name, gets, sets, ofBare }) => ({
      name,
      more: [gets > 0 ? `${gets} get` : '', sets > 0 ? `${sets} set` : ''].filter((part) => part !== '').join(', '),
      ratio: ofBare,
    }));
    return job === undefined ? [] : [{ title: job, rows: shown }];
  });
  const accepting = accept.filter(isShown).map(({ name, rate: { value, low, high } }) => ({
    name,
    more: '',
    ratio: { value: 1 / value, low: 1 / high, high: 1 / low },
  }));
  return [...timed, { title: 'Accepting a connection, to an untouched server', rows: accepting }];
}

/** @param {Row} row @param {number} y its base line */
function drawRow({ name, more, ratio }, y) {
  const middle = y - 4;
  const kind = isOurs(name) ? 'ours' : 'others';
  return [
    text(margin, y, name, isOurs(name) ? 'strong' : undefined),
    text(width - margin, y, more, 'quiet end'),
    `<path class="spread ${kind}" d="M${across(ratio.low)} ${middle}H${across(ratio.high)}"/>`,
    `<circle class="${kind}" cx="${across(ratio.value)}" cy="${middle}" r="4.5"/>`,
    text(across(Math.max(ratio.value, ratio.high)) + 10, y, ratio.value.toFixed(2), isOurs(name) ? 'strong' : 'small'),
  ];
}

/** @param {Results} results @returns {string} an SVG document */
exports.drawResults = (results) => {
  const groups = groupsOf(results);
  /** @type {string[]} */
  const parts = [];
  let y = top;
  for (const { title, rows } of groups) {
    parts.push(text(margin, y + 16, title, 'strong quiet'));
    const end = y + headHeight + rows.length * rowHeight;
    const marks = axis.marks.map((mark) => `M${across(mark)} ${y + 24}V${end}`);
    parts.push(`<path class="grid" d="${marks.join('')}"/>`);
    rows.forEach((row, index) => parts.push(...drawRow(row, y + headHeight + 14 + index * rowHeight)));
    y = end + groupGap;
  }
  const height = y + 76;
  const title = 'What it costs, and what others cost';
  const told = groups.map(
    (group) => `${group.title}: ${group.rows.map(({ name, ratio }) => `${name} ${ratio.value.toFixed(2)}`).join(', ')}`,
  );
  return drawing({
    width,
    height,
    title,
    told: `${told.join('; ')}.`,
    light: `
.ours { fill: #0969da; stroke: #0969da }
.others { fill: #818b98; stroke: #818b98 }
.spread { stroke-width: 3; stroke-opacity: 0.45 }`,
    dark: `
.ours { fill: #58a6ff; stroke: #58a6ff }
.others { fill: #9da7b3; stroke: #9da7b3 }`,
    parts: [
      text(margin, 34, title, 'title'),
      text(margin, 56, 'Time as a multiple, median and quartiles of interleaved rounds; left is better', 'quiet'),
      ...parts,
      ...axis.marks.map((mark) => text(across(mark), y + 4, `${mark}`, 'quiet middle')),
      text(plot.left + plot.width / 2, y + 22, 'times as long (logarithmic)', 'quiet middle'),
      text(
        margin,
        height - 32,
        'Only tcp-keepalive reads first: nothing is set twice, and a refusal is put back. Node sets no user timeout.',
        'quiet',
      ),
      text(margin, height - 14, `Measured on Node ${results.node}, ${results.system}, ${results.cpu}`, 'quiet'),
    ],
  });
};
