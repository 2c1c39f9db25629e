'use strict';
// applyKeepalive on a socket that holds the profile already: it is read, nothing is set.
const { applyKeepalive } = require('tcp-keepalive');
const { readAll, setAll } = require('./lib/floor.js');
const { nodeApplyAgain } = require('./lib/node-itself.js');
const { packagesApply } = require('./lib/packages.js');
const { one, settings } = require('./lib/profiles.js');

const bare = setAll(settings.one);

/** @type {import('./lib/measure.js').Contender} */
const ours = {
  name: 'applyKeepalive(socket, profile)',
  calls: readAll,
  run: (socket) => void applyKeepalive(socket, one),
};

/** @type {import('./lib/measure.js').Scenario[]} */
module.exports = [
  {
    title: 'the same profile again',
    side: 'accepted',
    fresh: false,
    before: bare,
    bare,
    contenders: [ours, ...nodeApplyAgain(settings.one), ...packagesApply(settings.one)],
  },
];
