'use strict';
// disableKeepalive: SO_KEEPALIVE off and the user timeout back to the system's.
const { disableKeepalive } = require('tcp-keepalive');
const { readAll, set, setAll } = require('./lib/floor.js');
const { settings } = require('./lib/profiles.js');

const bare = [set('enabled', 0), set('userTimeout', 0)];

/** @type {import('./lib/measure.js').Contender} */
const ours = {
  name: 'disableKeepalive(socket)',
  calls: [...readAll, ...bare],
  run: (socket) => disableKeepalive(socket),
};

/** @type {import('./lib/measure.js').Contender} */
const node = {
  name: 'Node setKeepAlive(false)',
  calls: [set('enabled', 0)],
  reset: (socket) => void socket.setKeepAlive(true, settings.one.initialDelay),
  run: (socket) => void socket.setKeepAlive(false),
};

/** @type {import('./lib/measure.js').Scenario[]} */
module.exports = [
  {
    title: 'disable',
    side: 'accepted',
    fresh: false,
    before: setAll(settings.one),
    bare,
    contenders: [ours, node],
  },
];
