'use strict';

/** The text that begins at `at` and ends with a zero. @param {Buffer} file @param {number} at */
exports.textAt = (file, at) => file.toString('latin1', at, file.indexOf(0, at));
