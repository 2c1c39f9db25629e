'use strict';
// process-cluster.js POLICY WHO COUNT [read]: a cluster of one worker, whose server has COUNT connections, one after the
// other. WHO ('primary', 'worker' or 'nobody') calls applyKeepaliveToProcess. With "read" it prints what each accepted
// connection holds, as JSON.
const cluster = /** @type {import('node:cluster').Cluster} */ (/** @type {unknown} */ (require('node:cluster')));
const net = require('node:net');
const path = require('node:path');

const [policy, who, count, read] = process.argv.slice(2);
const profile = { initialDelay: 41_000, interval: 7_000, count: 5, userTimeout: 89_000 };

if (who === (cluster.isPrimary ? 'primary' : 'worker')) {
  require('tcp-keepalive').applyKeepaliveToProcess({ servers: profile });
}

if (cluster.isPrimary) {
  cluster.schedulingPolicy = policy === 'none' ? cluster.SCHED_NONE : cluster.SCHED_RR;
  cluster.fork();
} else {
  /** @type {number[][]} */
  const seen = [];
  // Node's own calls, on each accepted connection, must not win.
  const server = net.createServer({ keepAlive: read !== undefined, keepAliveInitialDelay: 9_000 }, (socket) => {
    if (read !== undefined) seen.push(held(socket));
    socket.end();
  });
  let left = Number(count);
  const connect = () => {
    if (left === 0) return end();
    left -= 1;
    const { port } = /** @type {net.AddressInfo} */ (server.address());
    net.connect(port, '127.0.0.1').resume().on('close', connect);
  };
  const end = () => {
    if (read !== undefined) console.log(JSON.stringify(seen));
    server.close();
    cluster.worker?.disconnect();
  };
  server.listen(0, '127.0.0.1', connect);
}

/** @param {net.Socket} socket */
function held(socket) {
  const oracle = require(path.join(__dirname, '..', 'native', 'build', 'Release', 'oracle.node'));
  const { fd } = /** @type {{ _handle: { fd: number } }} */ (/** @type {unknown} */ (socket))._handle;
  const names = ['TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT', 'TCP_USER_TIMEOUT'];
  const timing = names.map((name) => oracle.getOption(fd, oracle.IPPROTO_TCP, oracle[name]));
  return [oracle.getOption(fd, oracle.SOL_SOCKET, oracle.SO_KEEPALIVE), ...timing];
}
