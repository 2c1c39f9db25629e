'use strict';
// What the demo prints: plain aligned lines, coloured only for a person at a terminal (https://no-color.org).
const colours = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

/** @param {number} code */
const style = (code) => (/** @type {string} */ text) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);

exports.bold = style(1);
exports.dim = style(2);
exports.red = style(31);
exports.green = style(32);

/** @param {number} milliseconds */
exports.seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** @param {number} milliseconds */
exports.hours = (milliseconds) => {
  const minutes = Math.round(milliseconds / 60_000);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/** @param {string} line */
exports.print = (line = '') => console.log(line === '' ? '' : `  ${line}`);

/** @param {string} text */
exports.heading = (text) => console.log(`\n${exports.bold(text)}\n`);

/**
 * Aligned columns; a row's last cell is as long as it likes.
 * @param {readonly (readonly unknown[])[]} rows
 */
exports.table = (rows) => {
  const texts = rows.map((row) => row.map(String));
  /** @param {number} column */
  const width = (column) => Math.max(...texts.map((row) => (column < row.length - 1 ? (row[column] ?? '').length : 0)));
  for (const row of texts)
    exports.print(
      row
        .map((text, column) => text.padEnd(width(column) + 3))
        .join('')
        .trimEnd(),
    );
};
