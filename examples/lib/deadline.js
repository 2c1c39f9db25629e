'use strict';

/**
 * A promise that is not waited for longer than `milliseconds`.
 * @template T
 * @param {number} milliseconds
 * @param {string} what what is waited for, for the message
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
exports.within = async function within(milliseconds, what, promise) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await /** @type {Promise<T>} */ (Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
};
