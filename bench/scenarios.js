'use strict';

/** @type {Record<string, import('./lib/measure.js').Scenario[]>} */
module.exports = {
  'first-apply': require('./first-apply.js'),
  'other-profile': require('./other-profile.js'),
  'same-profile': require('./same-profile.js'),
  read: require('./read.js'),
  disable: require('./disable.js'),
};
