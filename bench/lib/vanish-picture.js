'use strict';
// Draws what vanish-run.js recorded: a row for each server, a column for each situation, what it believes over time.
const { drawing, rounded, text } = require('./svg.js');

/** @typedef {import('./vanish-run.js').Vanishing} Vanishing */
/** @typedef {import('./vanish-run.js').Group} Group */
/** @typedef {{ x: number, y: number }} Place the upper left corner of a panel */

const width = 840;
const margin = 20;
const panel = { width: 300, height: 84 };
const columns = { idle: 176, 'in flight': 516 };
const top = 108;
const rowHeight = 112;
const lineHeight = 18;
const roomForVerdict = 115;
const believed = 'believed online';

// A logarithmic axis has no zero.
const firstSecond = 1;
const marks = [1, 5, 15, 45, 180, 900];

/** @type {Record<Group['profile'], { heads: string[], more: string }>} */
const rows = {
  none: { heads: ['No profile'], more: 'keepalive is off' },
  probes: { heads: ['Probes only'], more: 'no user timeout' },
  'probes and user timeout': { heads: ['Probes and', 'user timeout'], more: 'profiles.presence' },
};

const light = `
.knows { fill: #ddf0fb }
.believes { fill: #f9c9a4 }
.edge, .writes { fill: none; stroke: #bc4c00; stroke-width: 2; stroke-linejoin: round }
.writes { stroke-width: 4 }`;

const dark = `
.knows { fill: #12304a }
.believes { fill: #6b3410 }
.edge, .writes { stroke: #ffa657 }`;

/** @param {number} seconds */
function time(seconds) {
  const whole = Math.round(seconds);
  if (whole < 100) return `${whole} s`;
  const minutes = `${Math.floor(whole / 60)} min`;
  return whole % 60 === 0 ? minutes : `${minutes} ${whole % 60} s`;
}

/** @param {Vanishing} record @returns {(seconds: number) => number} from a panel's left edge */
const scaleOf =
  ({ duration }) =>
  (seconds) =>
    rounded((panel.width * Math.log(Math.max(seconds, firstSecond) / firstSecond)) / Math.log(duration / firstSecond));

/** @param {Vanishing} record */
const marksOf = ({ duration }) => marks.filter((mark) => mark <= duration);

/** The same in two ways, each in two short lines. @param {Group} group @param {Vanishing} record */
function verdictOn({ profile, situation, noticed: times }, { phones, duration }) {
  const [first = 0] = times;
  const last = times.at(-1) ?? 0;
  /** @type {[string, string]} */
  const noticed = [`all ${phones} noticed`, `after ${time(first)} to ${time(last)}`];
  /** @type {[string, string]} */
  let believes = [`${believed} for ${time(first)}`, `the last one for ${time(last)}`];
  if (times.length < phones) {
    const still = times.length === 0 ? `all ${phones}` : `${phones - times.length}`;
    const forEver = profile === 'none' && situation === 'idle';
    believes = [`${still} ${believed} after ${time(duration)}`, forEver ? 'for ever: no timer is running' : ''];
  }
  return { noticed, believed: believes };
}

/** The edge between belief and knowledge. @param {Group} group @param {Vanishing} record @param {Place} place */
function steps({ noticed }, record, { x, y }) {
  const across = scaleOf(record);
  const corners = [...new Set(noticed)].map((at) => {
    const gone = noticed.filter((each) => each <= at).length;
    return `H${rounded(x + across(at))}V${rounded(y + (panel.height * gone) / record.phones)}`;
  });
  const rest = noticed.length < record.phones ? `H${x + panel.width}` : '';
  return `M${x} ${y}${corners.join('')}${rest}`;
}

/** @param {Group} group @param {Vanishing} record @param {Place} place */
function drawPanel(group, record, place) {
  const { x, y } = place;
  const bottom = y + panel.height;
  const across = scaleOf(record);
  const edge = steps(group, record, place);
  const parts = [
    `<rect class="knows" x="${x}" y="${y}" width="${panel.width}" height="${panel.height}"/>`,
    `<path class="believes" d="${edge}V${bottom}H${x}Z"/>`,
    `<path class="grid" d="${marksOf(record)
      .map((mark) => `M${rounded(x + across(mark))} ${y}V${bottom}`)
      .join('')}"/>`,
    `<path class="edge" d="${edge}"/>`,
  ];
  if (group.situation === 'in flight') {
    const { from, to } = record.writes;
    parts.push(`<path class="writes" d="M${x + across(from)} ${bottom - 3}H${rounded(x + across(to))}"/>`);
    parts.push(text(x + 4, bottom - 10, 'writes', 'small'));
  }
  const verdict = verdictOn(group, record);
  const end = group.noticed.length === record.phones ? across(group.noticed.at(-1) ?? 0) : panel.width;
  const beside = panel.width - end > roomForVerdict;
  if (beside) parts.push(text(x + 12, y + 34, believed, 'small'));
  const [first, second] = beside ? verdict.noticed : verdict.believed;
  const left = beside ? x + end + 8 : x + 12;
  parts.push(text(left, y + 34, first, 'strong'), text(left, y + 34 + lineHeight, second));
  return parts;
}

/** @param {Vanishing} record @param {number} bottom of the panels */
function drawAxes(record, bottom) {
  const across = scaleOf(record);
  return Object.values(columns).flatMap((x) => [
    ...marksOf(record).map((mark) => text(x + across(mark), bottom + 17, time(mark), 'quiet middle')),
    text(x + panel.width / 2, bottom + 37, 'time since the cut (logarithmic)', 'quiet middle'),
  ]);
}

/** @param {Vanishing} record @returns {string} an SVG document */
exports.drawVanishing = (record) => {
  const { phones, profile, node, system, groups } = record;
  const names = /** @type {Group['profile'][]} */ (Object.keys(rows));
  const bottom = top + (names.length - 1) * rowHeight + panel.height;
  const height = bottom + 84;
  const panels = names.flatMap((name, row) => {
    const y = top + row * rowHeight;
    const { heads, more } = rows[name];
    return [
      ...heads.map((head, line) => text(margin, y + lineHeight * (line + 1), head, 'strong')),
      text(margin, y + lineHeight * (heads.length + 1), more, 'quiet'),
      text(columns.idle - 6, y + 10, `${phones}`, 'quiet end'),
      text(columns.idle - 6, y + panel.height, '0', 'quiet end'),
      `<g transform="translate(${columns.idle - 35} ${y + panel.height / 2}) rotate(-90)">${text(0, 0, 'connections', 'quiet middle')}</g>`,
      ...groups
        .filter((group) => group.profile === name)
        .flatMap((group) => drawPanel(group, record, { x: columns[group.situation], y })),
    ];
  });
  const told = groups.map((group) => {
    const { noticed, believed } = verdictOn(group, record);
    const words = group.noticed.length === phones ? noticed : believed;
    return `profile: ${group.profile}, ${group.situation}: ${words.filter((part) => part !== '').join(', ')}`;
  });
  const title = `${phones} phones vanish. What does the server believe?`;
  const probes = `${profile.initialDelay / 1000} s / ${profile.interval / 1000} s / ${profile.count}`;

  return drawing({
    width,
    height,
    title,
    told: `${told.join('; ')}.`,
    light,
    dark,
    parts: [
      text(margin, 34, title, 'title'),
      text(margin, 56, 'Connections that it still counts as online, after a cut without a FIN or a RST', 'quiet'),
      text(columns.idle, 92, 'Idle: nothing in flight', 'strong'),
      text(columns['in flight'], 92, 'In flight: the server writes to each', 'strong'),
      ...panels,
      ...drawAxes(record, bottom),
      text(
        margin,
        height - 16,
        `Measured with ${phones} connections each; probes ${probes}; Node ${node}, ${system}`,
        'quiet',
      ),
    ],
  });
};
