'use strict';
// applyKeepalive on a socket that holds another profile. Keepalive is off while the timing changes.
const { applyKeepalive } = require('tcp-keepalive');
const { get, readAll, set, setAll } = require('./lib/floor.js');
const { nodeApply } = require('./lib/node-itself.js');
const { packagesApply } = require('./lib/packages.js');
const { one, other, settings } = require('./lib/profiles.js');

const bare = setAll(settings.other);

/** @type {import('./lib/measure.js').Contender} */
const ours = {
  name: 'applyKeepalive(socket, other)',
  calls: [...readAll, get('tcpInfo'), set('enabled', 0), ...bare],
  reset: (socket) => void applyKeepalive(socket, one),
  run: (socket) => void applyKeepalive(socket, other),
  target: 1.6,
};
const common = { fresh: false, before: setAll(settings.one), bare };

/** @type {import('./lib/measure.js').Scenario[]} */
module.exports = [
  {
    ...common,
    title: 'another profile, accepted socket',
    side: 'accepted',
    contenders: [ours, ...nodeApply(settings.other), ...packagesApply(settings.other)],
  },
  { ...common, title: 'another profile, client socket', side: 'client', contenders: [ours] },
];
