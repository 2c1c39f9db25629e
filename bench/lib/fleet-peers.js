'use strict';
// Started by fleet-server.js: the other ends of its connections, opened as it asks for them.
const { floor } = require('./floor.js');

/** @type {Int32Array[]} */
const opened = [];

process.on('message', (/** @type {{ port: number, count: number }} */ { port, count }) => {
  opened.push(floor.connect(port, count));
  process.send?.('open');
});
process.on('disconnect', () => {
  for (const descriptors of opened) floor.reset(descriptors);
  process.exit();
});
