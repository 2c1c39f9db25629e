'use strict';
// What both pictures share. Shown as an image, an SVG follows the reader's system, not the page around it: so it brings its
// own background.

const rounded = (/** @type {number} */ value) => Number(value.toFixed(1));

/** @param {string} words */
const escaped = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** @param {number} x @param {number} y @param {string} words @param {string} [kind] */
const text = (x, y, words, kind) =>
  `<text x="${rounded(x)}" y="${y}"${kind === undefined ? '' : ` class="${kind}"`}>${escaped(words)}</text>`;

/**
 * @param {object} picture
 * @param {number} picture.width
 * @param {number} picture.height
 * @param {string} picture.title
 * @param {string} picture.told the picture for those who do not see it
 * @param {string} picture.light its colours
 * @param {string} picture.dark
 * @param {readonly string[]} picture.parts
 */
const drawing = ({ width, height, title, told, light, dark, parts }) =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title told">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="told">${escaped(told)}</desc>`,
    `<style>
text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 19px; font-weight: 600 }
.strong { font-weight: 600 }
.small, .quiet { font-size: 12px }
.quiet { fill: #59636e }
.middle { text-anchor: middle }
.end { text-anchor: end }
.paper { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #59636e; stroke-opacity: 0.25 }
${light.trim()}
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.quiet { fill: #9da7b3 }
.paper { fill: #0d1117; stroke: #3d444d }
.grid { stroke: #9da7b3 }
${dark.trim()}
}
</style>`,
    `<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');

module.exports = { drawing, rounded, text };
