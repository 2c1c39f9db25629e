'use strict';
// The phones, a program of its own: clients.js <host> <port,port> <name> ... connects each name to each port.
const tls = require('node:tls');

const [host, ports = '', ...names] = process.argv.slice(2);

for (const port of ports.split(',').map(Number)) {
  for (const name of names) {
    const socket = tls.connect({ host, port, rejectUnauthorized: false });
    socket.once('data', () => socket.write(`${name}\n`));
    socket.on('error', (error) => console.error(`${name}: ${error.message}`));
  }
}

// Ends with the demo, however that ends.
process.stdin.on('end', () => process.exit()).resume();
