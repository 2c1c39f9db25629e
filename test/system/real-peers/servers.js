'use strict';
// A push gateway over TLS and one without, and as much of a Redis as ioredis asks for. Prints "NAME: PORT"; until its
// standard input ends.
const http2 = require('node:http2');
const net = require('node:net');
const certificate = require('../../support/certificate.js');

for (const [name, server] of Object.entries({
  redis: net.createServer(talkRedis),
  http2: http2.createServer(accept),
  'http2 over TLS': http2.createSecureServer(certificate, accept),
})) {
  server.listen(0, () => console.log(`${name}: ${/** @type {net.AddressInfo} */ (server.address()).port}`));
}

/**
 * @param {http2.Http2ServerRequest} request
 * @param {http2.Http2ServerResponse} response
 */
function accept(request, response) {
  request.resume().on('end', () => response.writeHead(request.url === '/3/device/phone' ? 200 : 404).end());
}

/** @type {Map<string | undefined, string>} */
const values = new Map();

/** @param {net.Socket} socket */
function talkRedis(socket) {
  let lines = [''];
  socket.on('error', () => undefined);
  socket.setEncoding('latin1').on('data', (chunk) => {
    lines = (lines.join('\r\n') + chunk).split('\r\n');
    for (let size; lines.length > (size = 1 + 2 * Number(lines[0]?.slice(1)));) {
      const [name, key, value = ''] = lines.splice(0, size).filter((_, i) => i > 0 && i % 2 === 0);
      socket.write(answer(name?.toUpperCase(), key, value));
      if (name === 'client' && key === 'KILL') socket.end();
    }
  });
}

/**
 * @param {string | undefined} name
 * @param {string | undefined} key
 * @param {string} value
 */
function answer(name, key, value) {
  if (name === 'INFO') return bulk('redis_version:7.2.0\r\nloading:0\r\n');
  if (name === 'GET') return bulk(values.get(key));
  if (name === 'SET') values.set(key, value);
  return '+OK\r\n';
}

/** @param {string | undefined} text */
function bulk(text) {
  return text === undefined ? '$-1\r\n' : `$${text.length}\r\n${text}\r\n`;
}

process.stdin.on('end', () => process.exit()).resume();
