'use strict';
// A Socket.IO server. The kernel finds out who vanished, so the heartbeat, which wakes every phone, can be rare. Clients
// go by it too: with nothing else they believe in a vanished server for as long.
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');

exports.start = function start(profile = profiles.presence, port = 8080) {
  const server = createServer();
  applyKeepaliveToServer(server, profile);
  const io = new Server(server, { pingInterval: 600_000 });
  io.on('connection', (socket) => {
    socket.on('echo', (text, answer) => answer(text));
    socket.on('disconnect', (reason) => console.log(`${socket.id} is gone: ${reason}`));
  });
  server.listen(port);
  return io;
};

if (require.main === module) exports.start();
