'use strict';
// How late Linux's timers can be, and what follows for a profile, without any code of src/: kernel/time/timer.c (levels of
// 64 buckets, each eight times as wide as those of the level before), net/ipv4/tcp_timer.c and tcp_output.c.

/** @typedef {{ readonly initialDelay: number, readonly interval: number, readonly count: number }} Timing */

/** CONFIG_HZ. */
const rates = [100, 250, 300, 1_000];
/** [the shortest timer of a level, the width of its buckets], in ticks, from the longest. */
const levels = /** @type {const} */ ([
  [16_515_072, 2_097_152],
  [2_064_384, 262_144],
  [258_048, 32_768],
  [32_256, 4_096],
  [4_032, 512],
  [504, 64],
  [63, 8],
  [0, 1],
]);
const second = 1_000;

/** How much later than asked a timer fires at the latest. @param {number} time @param {number} rate */
function late(time, rate) {
  const ticks = (time * rate) / second;
  const [, width] = levels.find(([shortest]) => ticks >= shortest) ?? [0, 1];
  return (width * second) / rate;
}

/** @param {number} time @param {number} rate */
const fires = (time, rate) => time + late(time, rate);

/** The latest at any rate, rounded up to milliseconds. @param {(rate: number) => number} time */
const latestOf = (time) => Math.ceil(Math.max(...rates.map(time)));

/** The latest `number`-th probe in a row. @param {Timing} timing @param {number} number @param {number} rate */
function probe({ initialDelay, interval }, number, rate) {
  const first = Math.max(fires(initialDelay, rate), fires(interval, rate));
  return first + (number - 1) * fires(interval, rate);
}

/** When a timer fires at the latest. @param {number} time */
const latestTimer = (time) => latestOf((rate) => fires(time, rate));

/** The latest `number`-th probe in a row: with a count of one less it is the verdict. @param {Timing} timing @param {number} number */
const latestProbe = (timing, number) => latestOf((rate) => probe(timing, number, rate));

/** What 'match' stands for: at least what the count would take, and 250 ms more than the latest last probe. @param {Timing} timing */
function match(timing) {
  const { initialDelay, interval, count } = timing;
  return Math.max(initialDelay + interval * count, latestProbe(timing, count) + 250);
}

/** On an idle connection: at the first probe time, after the first one, that is not before the user timeout (0: none). @param {Timing} timing @param {number} userTimeout */
function latestVerdict(timing, userTimeout) {
  const { initialDelay, interval, count } = timing;
  if (userTimeout === 0) return latestProbe(timing, count + 1);
  const probes = Math.max(2, 1 + Math.ceil((userTimeout - initialDelay) / interval));
  return latestOf((rate) => {
    const justMissed = Math.max(userTimeout, probe(timing, 1, rate)) + fires(interval, rate);
    return Math.min(probe(timing, probes, rate), justMissed);
  });
}

/** On a write: two retransmission timeouts of 1 s, the user timeout, the rounding of the last timer, a tick. @param {number} userTimeout */
function latestWriteVerdict(userTimeout) {
  const lastTimer = Math.min(userTimeout / 2 + second, 120 * second);
  return latestOf((rate) => 2 * fires(second, rate) + userTimeout + late(lastTimer, rate) + second / rate);
}

module.exports = { latestProbe, latestTimer, latestVerdict, latestWriteVerdict, match };
