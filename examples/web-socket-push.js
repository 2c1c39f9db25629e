'use strict';
// Push to phones by WebSocket over TLS. Their radios sleep for 550 s at a time: the heartbeat starts the keepalive's clock anew,
// so there is one packet to wake up for and not two. TCP notices who is lost, the heartbeat whose application is frozen.
const { createServer } = require('node:https');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');
const { WebSocketHeartbeat } = require('tcp-keepalive/heartbeat');
const { WebSocketServer } = require('ws');
const certificate = require('../test/support/certificate.js');

exports.start = function start(
  profile = profiles.lowPower,
  port = 8443,
  { interval = 550_000, timeout = 60_000 } = {},
) {
  const server = createServer(certificate);
  applyKeepaliveToServer(server, profile);
  const phones = new WebSocketServer({ server });
  phones.on('connection', (phone) => phone.on('error', (error) => console.log(error.message)));
  const heartbeat = new WebSocketHeartbeat(phones, { interval, timeout });
  heartbeat.on('gone', (_phone, silentFor) => console.log(`a phone has not answered, silent for ${silentFor} ms`));
  server.listen(port);
  return { server, sockets: phones, heartbeat };
};

if (require.main === module) exports.start();
