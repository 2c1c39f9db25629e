'use strict';
// A cluster of echo servers: `node cluster.js`, or `node cluster.js none` to let the OS choose the worker. The primary
// takes no part in it: with either policy the workers say what they want, and that is all.
const cluster = /** @type {import('node:cluster').Cluster} */ (/** @type {unknown} */ (require('node:cluster')));
const { createServer } = require('node:net');
const { availableParallelism } = require('node:os');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');

exports.start = function start(
  profile = profiles.presence,
  port = 8080,
  policy = cluster.SCHED_RR,
  workers = availableParallelism(),
) {
  cluster.schedulingPolicy = policy;
  cluster.setupPrimary({ exec: __filename, args: [JSON.stringify(profile), String(port)] });
  for (let i = 0; i < workers; i += 1) cluster.fork();
  return cluster;
};

/** @param {string[]} args */
function work([profile = '', port]) {
  const server = createServer((socket) => {
    socket.on('error', (error) => console.log(`worker ${process.pid}, a client is gone: ${error.message}`));
    socket.pipe(socket);
  });
  applyKeepaliveToServer(server, JSON.parse(profile));
  server.listen(Number(port));
}

if (cluster.isWorker) work(process.argv.slice(2));
else if (require.main === module) {
  exports.start(undefined, undefined, process.argv[2] === 'none' ? cluster.SCHED_NONE : cluster.SCHED_RR);
}
