'use strict';

/** @param {readonly number[]} values @param {number} fraction */
const quantile = (values, fraction) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * fraction)] ?? Number.NaN;
};

/** @param {readonly number[]} values */
const median = (values) => quantile(values, 0.5);

/**
 * The ratio of two medians, with the quartiles of the ratios round by round as its spread.
 * @param {readonly number[]} times @param {readonly number[]} floorTimes of the same rounds
 */
const ratio = (times, floorTimes) => {
  const byRound = times.map((time, round) => time / (floorTimes[round] ?? Number.NaN));
  return { value: median(times) / median(floorTimes), low: quantile(byRound, 0.25), high: quantile(byRound, 0.75) };
};

/** The median and the quartiles. @param {readonly number[]} values */
const spread = (values) => ({ value: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) });

/**
 * The median of the ratios round by round.
 * @param {readonly number[]} times @param {readonly number[]} otherTimes of the same rounds
 */
const paired = (times, otherTimes) => spread(times.map((time, round) => time / (otherTimes[round] ?? Number.NaN)));

/** @typedef {ReturnType<typeof ratio>} Ratio */

module.exports = { median, paired, quantile, ratio, spread };
