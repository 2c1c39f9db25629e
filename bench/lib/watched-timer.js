'use strict';
const { floor } = require('./floor.js');

/** A timer of 1 ms that knows by how much it was late, and how long this thread ran between its ticks. */
function watchedTimer() {
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
}

module.exports = { watchedTimer };
