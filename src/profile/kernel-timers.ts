/**
 * How coarse the Linux kernel's timers are: a timer is put into a wheel whose steps grow eightfold from level to level
 * (kernel/time/timer.c: 64 steps a level, the first 63 of them for what is due within that level). Timers that end up in
 * one step fire in one tick, so connections that fell silent at different times are probed together.
 */

/** Clock rates that kernels are built with (CONFIG_HZ); which one runs cannot be asked. */
const clockRates = [100, 250, 300, 1000];
const stepsInLevel = 63;
const growth = 8;

/** The longest time, in milliseconds, within which timers of this length may be rounded to the same tick. */
export function coarsestStep(milliseconds: number): number {
  return Math.max(...clockRates.map((rate) => step(milliseconds, rate)));
}

/** When a timer of this length may fire at the latest, in milliseconds. */
export function latestTick(milliseconds: number): number {
  return milliseconds + coarsestStep(milliseconds);
}

function step(milliseconds: number, rate: number): number {
  const ticks = (milliseconds * rate) / 1000;
  let size = 1;
  while (ticks >= stepsInLevel * size) size *= growth;
  return (size * 1000) / rate;
}

/** Of `connections` whose probes are spread as evenly as can be over `initialDelay`, how many are probed in one tick. */
export function probesInOneTick(connections: number, initialDelay: number): number {
  return Math.ceil((connections * Math.min(coarsestStep(initialDelay), initialDelay)) / initialDelay);
}

/** Packets that a receive backlog holds: Linux's default for net.core.netdev_max_backlog. */
export const receiveBacklog = 1000;
