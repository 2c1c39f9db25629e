'use strict';
// Draws what bench/wire.js recorded: for each connection a ladder of packets between the server and the phone.
const { drawing, rounded, text } = require('./svg.js');

/** @typedef {import('../wire.js').Wire} Wire */
/** @typedef {import('../wire.js').Lane} Lane */

const margin = 20;
const left = 84;
const right = 816;
const width = 840;
const top = 124;
const ladder = 52;
const laneHeight = 116;

const light = `
.probe { stroke: #0969da; stroke-width: 2 }
.data { stroke: #bc4c00; stroke-width: 2 }
.answer { stroke: #59636e; stroke-width: 1.2 }
.side { stroke: #59636e; stroke-opacity: 0.5 }
.cut { fill: #f6d6d0; fill-opacity: 0.5 }
.end { stroke: #cf222e; stroke-width: 4 }
.lost { stroke-width: 1.5; fill: none }
.word-probe { fill: #0969da; font-size: 12px }
.word-data { fill: #bc4c00; font-size: 12px }
.word-end { fill: #cf222e; font-weight: 600 }`;

const dark = `
.probe { stroke: #79c0ff }
.data { stroke: #ffa657 }
.answer, .side { stroke: #9da7b3 }
.cut { fill: #5d1f1a }
.end { stroke: #ff7b72 }
.word-probe { fill: #79c0ff }
.word-data { fill: #ffa657 }
.word-end { fill: #ff7b72 }`;

/** @param {Wire} record @param {number} seconds */
const across = ({ duration }, seconds) => rounded(left + ((right - left) * seconds) / duration);

/** One packet, or one that nobody got. @param {Wire} record @param {Lane['packets'][number]} packet @param {number} y */
function arrow(record, { at, kind }, y) {
  const x = across(record, at);
  if (kind === 'answer') return `<path class="answer" d="M${x + 3} ${y + ladder}V${y}"/>`;
  const style = kind === 'probe' ? 'probe' : 'data';
  if (at < record.cut) return `<path class="${style}" d="M${x} ${y}V${y + ladder}"/>`;
  const end = y + ladder / 2;
  const cross = `M${x - 3} ${end - 3}l6 6m0 -6l-6 6`;
  return `<path class="${style}" d="M${x} ${y}V${end}"/><path class="${style} lost" d="${cross}"/>`;
}

/** @param {Wire} record @param {Lane} lane @param {number} y of the server's side */
function drawLane(record, { name, packets, end }, y) {
  const sides = [y, y + ladder].map((side) => `<path class="side" d="M${left} ${side}H${right}"/>`);
  const seen = packets.filter(({ at }) => end === null || at <= end.at);
  const words = seen
    .filter(({ kind }) => kind === 'probe')
    .map(({ at }) => text(across(record, at), y - 6, `${Math.round(at)}`, 'word-probe middle'));
  const written = seen.find(({ kind, at }) => kind === 'data' && at > record.cut);
  if (written !== undefined) {
    const again = seen.filter(({ kind }) => kind === 'again').length;
    const sent = `written at ${Math.round(written.at)} s, sent again ${again} times`;
    words.push(text(across(record, written.at) + 14, y - 6, sent, 'word-data'));
  }
  const verdict =
    end === null
      ? [text(right, y + ladder + 18, `no error after ${record.duration} s`, 'word-end end-word')]
      : [
          `<path class="end" d="M${across(record, end.at)} ${y - 4}V${y + ladder + 4}"/>`,
          text(across(record, end.at), y + ladder + 18, `${end.code}: ${Math.round(end.at)} s`, 'word-end middle'),
        ];
  return [
    text(margin, y - 24, name, 'strong'),
    text(margin, y + 4, 'server', 'quiet'),
    text(margin, y + ladder + 4, 'phone', 'quiet'),
    ...sides,
    ...packets.map((packet) => arrow(record, packet, y)),
    ...words,
    ...verdict,
  ];
}

/** @param {Wire} record @returns {string} an SVG document */
exports.drawWire = (record) => {
  const { lanes, cut, duration, node, system } = record;
  const bottom = top + (lanes.length - 1) * laneHeight + ladder;
  const height = bottom + 88;
  const marks = Array.from({ length: Math.floor(duration / 20) + 1 }, (_, index) => index * 20);
  const told = lanes.map(({ name, packets, end }) => {
    const probes = packets.filter(({ kind, at }) => kind === 'probe' && at > cut).length;
    const again = packets.filter(({ kind }) => kind === 'again').length;
    const verdict = end === null ? `no error after ${duration} s` : `${end.code} after ${end.at} s`;
    return `${name}: ${probes} probes without an answer, ${again} retransmissions, ${verdict}`;
  });
  return drawing({
    width,
    height,
    title: 'Three connections whose phone vanishes',
    told: `${told.join('; ')}.`,
    light: `${light}\n.end-word { text-anchor: end }`,
    dark,
    parts: [
      text(margin, 34, 'Three connections whose phone vanishes', 'title'),
      text(
        margin,
        56,
        `Packets after the last data, at 0 s. The path is cut at ${cut} s: no FIN, no RST, no answer`,
        'quiet',
      ),
      `<rect class="cut" x="${across(record, cut)}" y="${top - 18}" width="${right - across(record, cut)}" height="${bottom - top + 26}"/>`,
      ...lanes.flatMap((lane, index) => drawLane(record, lane, top + index * laneHeight)),
      ...marks.map((mark) => text(across(record, mark), bottom + 42, `${mark} s`, 'quiet middle')),
      text(
        margin,
        height - 16,
        `Captured with 30 s / 5 s / 3; blue: probes, orange: data, gray: answers; Node ${node}, ${system}`,
        'quiet',
      ),
    ],
  });
};
