'use strict';

/** The same in random order. @template T @param {readonly T[]} list @returns {T[]} */
exports.shuffled = (list) =>
  list
    .map((each) => ({ each, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ each }) => each);
