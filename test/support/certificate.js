'use strict';
// FOR TESTS AND EXAMPLES ONLY: the smoke checks have it, because they must run alone.
module.exports = require('../package/smoke/lib/certificate.cjs');
