'use strict';
// readKeepalive. Node itself cannot read these options.
const { readKeepalive } = require('tcp-keepalive');
const { readAll, setAll } = require('./lib/floor.js');
const { packagesRead } = require('./lib/packages.js');
const { settings } = require('./lib/profiles.js');

/** @type {import('./lib/measure.js').Contender} */
const ours = {
  name: 'readKeepalive(socket)',
  calls: readAll,
  run: (socket) => void readKeepalive(socket),
  target: 1.25,
};

/** @type {import('./lib/measure.js').Scenario[]} */
module.exports = [
  {
    title: 'read',
    side: 'accepted',
    fresh: false,
    before: setAll(settings.one),
    bare: readAll,
    contenders: [ours, ...packagesRead()],
  },
];
