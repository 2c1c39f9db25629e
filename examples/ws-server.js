'use strict';
// A WebSocket server with `ws`: an echo to show that nothing else changes.
const { createServer } = require('node:http');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');
const { WebSocketServer } = require('ws');

const vanished = 1006;

exports.start = function start(profile = profiles.presence, port = 8080) {
  const server = createServer();
  applyKeepaliveToServer(server, profile);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (client) => {
    client.on('message', (data) => client.send(data));
    client.on('close', (code) => console.log(code === vanished ? 'a client vanished' : `a client left: ${code}`));
    client.on('error', (error) => console.log(error.message));
  });
  server.listen(port);
  return { server, sockets };
};

if (require.main === module) exports.start();
