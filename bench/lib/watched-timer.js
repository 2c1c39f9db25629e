'use strict';
const { floor } = require('./floor.js');

/** A 1 ms timer and how it fares. All in milliseconds. */
exports.watchedTimer = () => {
  let late = 0;
  let held = 0;
  let last = performance.now();
  let lastCpu = floor.threadCpu();
  let onTick = () => {};
  const timer = setInterval(() => {
    const now = performance.now();
    const cpu = floor.threadCpu();
    late = Math.max(late, now - last - 1);
    held = Math.max(held, cpu - lastCpu);
    last = now;
    lastCpu = cpu;
    onTick();
  }, 1);
  return {
    nextTick: () => new Promise((resolve) => (onTick = () => resolve(undefined))),
    reset: () => {
      late = 0;
      held = 0;
    },
    stop: () => {
      clearInterval(timer);
      return { late, held };
    },
  };
};
