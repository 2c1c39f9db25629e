'use strict';
// applyKeepalive on a socket that holds the profile already: it is read, nothing is set.
const { applyKeepalive } = require('tcp-keepalive');
const { packagesApply } = require('./lib/contenders.js');
const { readAll, setAll } = require('./lib/floor.js');
const { one, settings } = require('./lib/profiles.js');

const bare = setAll(settings.one);

/** @type {import('./lib/measure.js').Contender} */
const ours = {
  name: 'applyKeepalive(socket, profile)',
  calls: readAll,
  run: (socket) => void applyKeepalive(socket, one),
};

/** @type {import('./lib/measure.js').Contender} */
const node = {
  name: 'Node setKeepAlive(true, ms), cached',
  calls: [],
  reset: (socket) => void socket.setKeepAlive(true, settings.one.initialDelay),
  run: (socket) => void socket.setKeepAlive(true, settings.one.initialDelay),
};

/** @type {import('./lib/measure.js').Scenario[]} */
module.exports = [
  {
    title: 'the same profile again',
    side: 'accepted',
    fresh: false,
    before: bare,
    bare,
    contenders: [ours, node, ...packagesApply(settings.one)],
  },
];
