'use strict';
// A page that stays up to date: mail by server-sent events, chat by WebSocket. The page notices silence and comes back by itself;
// each number in the log reaches it once, whatever happens on the way. `node examples/browser/server.js`, then open the address.
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const path = require('node:path');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');
const { EventStreamHeartbeat } = require('tcp-keepalive/heartbeat');
const { WebSocketServer } = require('ws');

const html = readFileSync(path.join(__dirname, 'page.html'));
// A page has no node_modules: a bundler or a CDN would bring the module, here the server does.
const script = readFileSync(require.resolve('tcp-keepalive/browser'));

exports.start = function start(
  profile = profiles.eventStream,
  port = 8080,
  { interval = 300_000, settings = { timeout: 360_000 } } = {},
) {
  /** What was sent so far: the number of an entry is its place. A real one is in a database. @type {string[]} */
  const log = [];
  /** @type {Set<import('node:http').ServerResponse>} */
  const streams = new Set();
  const heartbeat = new EventStreamHeartbeat({ interval });

  const event = (/** @type {string} */ text, /** @type {number} */ id) => `id: ${id}\ndata: ${text}\n\n`;
  const message = (/** @type {string} */ text, /** @type {number} */ id) => JSON.stringify({ id, text });
  /** What came after an entry. @param {number} last @param {(entry: string) => void} send @param {typeof event} form */
  const catchUp = (last, send, form) => log.slice(last).forEach((text, index) => send(form(text, last + index + 1)));

  const server = createServer((request, response) => {
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).flushHeaders();
      catchUp(Number(request.headers['last-event-id'] ?? 0), (text) => response.write(text), event);
      streams.add(response);
      heartbeat.add(response);
      response.on('close', () => streams.delete(response));
    } else if (request.url === '/settings') {
      // The page must wait longer than the server's interval, so the server says both.
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ interval, ...settings }));
    } else if (request.url === '/tcp-keepalive.mjs') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    } else {
      response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
      response.end(request.url === '/' ? html : '');
    }
  });
  const sockets = new WebSocketServer({ server, path: '/chat' });
  sockets.on('connection', (socket, { url = '' }) => {
    socket.on('error', () => undefined); // 'close' follows
    // A page does not see the pings of the protocol, so it asks by a message of its own.
    socket.on('message', (data) => String(data) === 'ping' && socket.send('pong'));
    catchUp(Number(url.split('after=')[1] ?? 0), (text) => socket.send(text), message);
  });

  /** Tells all pages. @param {string} text */
  function push(text) {
    const id = log.push(text);
    for (const stream of streams) stream.write(event(text, id));
    for (const socket of sockets.clients) socket.send(message(text, id));
  }

  applyKeepaliveToServer(server, profile);
  server.listen(port);
  return { server, streams, sockets, heartbeat, push };
};

if (require.main === module) {
  const { push } = exports.start();
  console.log('http://localhost:8080/');
  setInterval(() => push(`it is ${new Date().toLocaleTimeString()}`), 5_000);
}
