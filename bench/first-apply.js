'use strict';
// applyKeepalive on a connection that nobody has touched: what a server does in 'connection', a client in 'connect'.
const { applyKeepalive } = require('tcp-keepalive');
const { get, set, setAll, timing } = require('./lib/floor.js');
const { nodeApply } = require('./lib/node-itself.js');
const { packagesApply } = require('./lib/packages.js');
const { one, settings } = require('./lib/profiles.js');

const bare = setAll(settings.one);
const [userTimeout, interval, count, initialDelay] = timing(settings.one);

/** @type {import('./lib/measure.js').Contender} */
const ours = {
  name: 'applyKeepalive(socket, profile)',
  calls: [get('enabled'), get('tcpInfo'), initialDelay, interval, count, set('enabled', 1), userTimeout],
  run: (socket) => void applyKeepalive(socket, one),
  target: 1.2,
};
const common = { fresh: true, before: [], bare };

/** @type {import('./lib/measure.js').Scenario[]} */
module.exports = [
  {
    ...common,
    title: 'first time on an accepted socket',
    side: 'accepted',
    contenders: [ours, ...nodeApply(settings.one), ...packagesApply(settings.one)],
  },
  { ...common, title: 'first time on a client socket', side: 'client', contenders: [ours, ...nodeApply(settings.one)] },
];
