'use strict';
// Draws what scale.js measured: the cost of watching by the number of connections, on two logarithmic axes.
const { drawing, rounded, text } = require('./svg.js');

/** @typedef {Awaited<ReturnType<typeof import('../scale.js').measureScale>>} Scale */
/** @typedef {Scale['lines'][number]['line']} Line */

const size = { width: 840, height: 420 };
const plot = { left: 80, right: 800, top: 84, bottom: 340 };
const decades = { across: [1_000, 10_000, 100_000, 1_000_000], up: [0.1, 1, 10, 100] };

/** @param {number} value @param {readonly number[]} marks @param {number} first @param {number} last */
const place = (value, marks, first, last) => {
  const [from = 1, to = 10] = [marks[0], marks.at(-1)];
  const inside = Math.min(Math.max(value, from), to);
  return rounded(first + ((last - first) * Math.log(inside / from)) / Math.log(to / from));
};
const across = (/** @type {number} */ connections) => place(connections, decades.across, plot.left, plot.right);
const up = (/** @type {number} */ share) => place(share, decades.up, plot.bottom, plot.top);

/** @param {Scale} scale @param {{ node: string, system: string, cpu: string }} machine @returns {string} an SVG document */
exports.drawScale = ({ lines }, { node, system, cpu }) => {
  const first = decades.across[0] ?? 1;
  const last = decades.across.at(-1) ?? 1;
  const by = (/** @type {Line} */ { base, slope }, /** @type {number} */ connections) => base + slope * connections;
  const steps = Array.from({ length: 61 }, (_, i) => first * (last / first) ** (i / 60));
  const grid = [
    ...decades.across.map((mark) => `M${across(mark)} ${plot.top}V${plot.bottom}`),
    ...decades.up.map((mark) => `M${plot.left} ${up(mark)}H${plot.right}`),
  ];
  const title = 'What watching costs, by the number of connections';
  return drawing({
    ...size,
    title,
    told: lines
      .map(({ silentAfter, rows, line }) => {
        const shares = rows.map(({ connections, share }) => `${share.toFixed(2)} for ${connections}`).join(', ');
        return `Percent of a core with silentAfter ${silentAfter / 1000} s: ${shares}; by the line ${by(line, last).toFixed(1)} for a million.`;
      })
      .join(' '),
    light: `
.ours { fill: #0969da }
.line { fill: none; stroke: #818b98; stroke-width: 1.5; stroke-dasharray: 5 4 }`,
    dark: `
.ours { fill: #58a6ff }
.line { stroke: #9da7b3 }`,
    parts: [
      text(20, 34, title, 'title'),
      text(
        20,
        56,
        'Percent of a core, a LivenessMonitor whose peers answer probes; both axes are logarithmic',
        'quiet',
      ),
      `<path class="grid" d="${grid.join('')}"/>`,
      ...decades.up.map((mark) => text(plot.left - 10, up(mark) + 4, `${mark} %`, 'quiet end')),
      ...decades.across.map((mark) => text(across(mark), plot.bottom + 20, mark.toLocaleString('en'), 'quiet middle')),
      text((plot.left + plot.right) / 2, plot.bottom + 40, 'connections', 'quiet middle'),
      ...lines.flatMap(({ silentAfter, rows, line }, i) => [
        `<path class="line" d="M${steps.map((connections) => `${across(connections)} ${up(by(line, connections))}`).join('L')}"/>`,
        text(
          across(last) - 6,
          up(by(line, last)) + (i === 0 ? -12 : 60),
          `silentAfter ${silentAfter / 1000} s: ${by(line, last).toFixed(1)} %`,
          'quiet end',
        ),
        ...rows.flatMap(({ connections, share }) => [
          `<circle class="ours" cx="${across(connections)}" cy="${up(share)}" r="4.5"/>`,
          text(across(connections) + (i === 0 ? -8 : 9), up(share) + (i === 0 ? -9 : 15), share.toFixed(2), 'small'),
        ]),
      ]),
      text(20, size.height - 14, `Measured on Node ${node}, ${system}, ${cpu}`, 'quiet'),
    ],
  });
};
