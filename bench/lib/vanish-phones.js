'use strict';
// Started by vanish-run.js on the peers' side: phones that come online at random moments and then only listen.
const net = require('node:net');

const [address, ports = '', phones, within] = process.argv.slice(2);

for (const port of ports.split(',')) {
  for (let i = 0; i < Number(phones); i += 1) {
    setTimeout(() => net.connect(Number(port), address).resume(), Math.random() * Number(within));
  }
}

process.stdin.resume().on('end', () => process.exit());
