'use strict';
// Server-sent events to tablets that sleep: something is sent every 5 minutes, if only a comment. event-stream-client.js
// connects again after 6 minutes without.
const { createServer } = require('node:http');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');
const { EventStreamHeartbeat } = require('tcp-keepalive/heartbeat');

exports.start = function start(profile = profiles.eventStream, port = 8080, { interval = 300_000 } = {}) {
  const heartbeat = new EventStreamHeartbeat({ interval });
  /** @type {Set<import('node:http').ServerResponse>} */
  const streams = new Set();
  const server = createServer((_request, stream) => {
    stream.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    streams.add(stream);
    heartbeat.add(stream);
    stream.on('close', () => streams.delete(stream));
  });
  applyKeepaliveToServer(server, profile);
  server.listen(port);
  return { server, streams, heartbeat };
};

if (require.main === module) exports.start();
