'use strict';
// `server.js JSON`: examples/browser with these settings, in a process that can be frozen. Each line of its input is
// pushed to all pages; it prints "listening PORT" and where each event stream goes on from.
const { createInterface } = require('node:readline');
const { start } = require('../../../examples/browser/server.js');

const [options = '{}'] = process.argv.slice(2);
const profile = { initialDelay: 60_000, interval: 5_000, count: 3 };
const { server, push } = start(profile, 0, JSON.parse(options));
server.on('listening', () => {
  console.log('listening', /** @type {import('node:net').AddressInfo} */ (server.address()).port);
});
server.on('request', ({ url, headers }) => {
  if (url === '/events') console.log('after', headers['last-event-id'] ?? 0);
});
createInterface({ input: process.stdin }).on('line', push);
