'use strict';
// The kernel's clock rate, and its tick at a moment: /proc/timer_list (kernel/time/timer_list.c), which root may read.
const { readFileSync } = require('node:fs');

const rates = [100, 250, 300, 1000];

/**
 * @typedef {object} Clock
 * @property {number} rate ticks a second
 * @property {number} time of the system's clock in milliseconds
 * @property {number} jiffies the tick at that time
 */

/** A sample: nanoseconds of the monotonic clock, and jiffies some moments later. */
function sample() {
  const text = readFileSync('/proc/timer_list', 'utf8');
  const [, now = ''] = /^now at (\d+) nsecs/m.exec(text) ?? [];
  const [, jiffies = ''] = /^jiffies: (\d+)/m.exec(text) ?? [];
  return { now: Number(now) / 1e6, jiffies: Number(jiffies) };
}

/** @returns {Clock} */
exports.readClock = () => {
  const first = sample();
  const samples = [first];
  while (samples.length < 20 || /** @type {any} */ (samples.at(-1)).now < first.now + 1000) samples.push(sample());
  const last = /** @type {typeof first} */ (samples.at(-1));
  const measured = ((last.jiffies - first.jiffies) * 1000) / (last.now - first.now);
  const rate = rates.reduce((a, b) => (Math.abs(a - measured) < Math.abs(b - measured) ? a : b));
  // A tick is read after its moment's time: the latest beginning that the samples allow for tick 0 is the true one.
  const beginning = Math.max(...samples.map(({ now, jiffies }) => now - ((jiffies + 1) * 1000) / rate));
  return { rate, ...onSystemClock(last.jiffies, beginning + (last.jiffies * 1000) / rate) };
};

/** The monotonic clock is compared with the system's when that begins a millisecond. @param {number} jiffies @param {number} monotonic */
function onSystemClock(jiffies, monotonic) {
  const before = Date.now();
  let time = before;
  while (time === before) time = Date.now();
  return { jiffies, time: time + monotonic - Number(process.hrtime.bigint()) / 1e6 };
}
