'use strict';
// Devices that move, by WebSocket: who is gone must be known within 45 s, whether its link, its machine or its program ended.
const { createServer } = require('node:http');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');
const { WebSocketHeartbeat } = require('tcp-keepalive/heartbeat');
const { WebSocketServer } = require('ws');

exports.start = function start(profile = profiles.presence, port = 8080, { interval = 30_000, timeout = 15_000 } = {}) {
  const server = createServer();
  applyKeepaliveToServer(server, profile);
  const devices = new WebSocketServer({ server });
  devices.on('connection', (device, { url }) => {
    console.log(`${url} is here`);
    device.on('error', (error) => console.log(error.message));
    device.on('close', () => console.log(`${url} is gone`));
  });
  const heartbeat = new WebSocketHeartbeat(devices, { interval, timeout });
  server.listen(port);
  return { server, sockets: devices, heartbeat };
};

if (require.main === module) exports.start();
