'use strict';
// Echo servers in worker threads, one for each port.
const { createServer } = require('node:net');
const { Worker, isMainThread, parentPort, threadId, workerData } = require('node:worker_threads');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');

exports.start = function start(profile = profiles.presence, ports = [8080, 8081]) {
  return ports.map((port) => new Worker(__filename, { workerData: { profile, port } }));
};

/** @param {{ profile: import('tcp-keepalive').KeepaliveProfile, port: number }} wanted */
function serve({ profile, port }) {
  const server = createServer((socket) => {
    socket.on('error', (error) => console.log(`thread ${threadId}, a client is gone: ${error.message}`));
    socket.pipe(socket);
  });
  applyKeepaliveToServer(server, profile);
  server.listen(port, () => parentPort?.postMessage(server.address()));
}

if (!isMainThread) serve(workerData);
else if (require.main === module) exports.start();
