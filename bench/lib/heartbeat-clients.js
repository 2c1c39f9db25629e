'use strict';
// Started by heartbeat-server.js: WebSocket clients with as little code as can be. They answer pings; every other one also
// says something, as often as it is told.
const net = require('node:net');

const handshake = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');
const ping = 0x89;
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const message = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]);

/** @type {net.Socket[]} */
const clients = [];

/** @param {number} port @returns {Promise<void>} */
function open(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1').setNoDelay();
    socket.write(handshake);
    socket.once('data', () => {
      socket.on('data', (frame) => {
        if (frame[0] === ping) socket.write(pong);
      });
      clients.push(socket);
      resolve();
    });
    socket.on('error', () => {});
  });
}

/** @param {number} milliseconds */
function speak(milliseconds) {
  const start = performance.now();
  const half = clients.filter((_, index) => index % 2 === 0);
  let said = 0;
  setInterval(() => {
    const due = ((performance.now() - start) / milliseconds) * half.length;
    for (; said < due; said += 1) half[said % half.length]?.write(message);
  }, 50); // the server then reads many at once, which keeps their cost small: it is not what is measured
}

process.on('message', async (/** @type {{ port?: number, count?: number, speakEvery?: number }} */ asked) => {
  const { port, count = 0, speakEvery } = asked;
  if (port !== undefined) await Promise.all(Array.from({ length: count }, () => open(port)));
  if (speakEvery !== undefined) speak(speakEvery);
  process.send?.('done');
});
process.on('disconnect', () => process.exit());
