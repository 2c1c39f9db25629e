'use strict';
// Two profiles that differ in every option.
const { defineProfile } = require('tcp-keepalive');

const settings = {
  one: { initialDelay: 30_000, interval: 5_000, count: 3, userTimeout: 45_000 },
  other: { initialDelay: 60_000, interval: 10_000, count: 4, userTimeout: 100_000 },
};

exports.settings = settings;
exports.one = defineProfile(settings.one);
exports.other = defineProfile(settings.other);
