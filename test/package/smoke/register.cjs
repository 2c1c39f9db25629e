'use strict';
// Does not know the package. Run with `--import tcp-keepalive/register`, by scripts/matrix/silent-peer.js in a network
// namespace of its own: opens connections of every kind, here, in a worker thread, in a child process and in a cluster,
// says what each is to hold, and waits until all of them have ended, because the network was cut.
const { fork } = require('node:child_process');
const cluster = /** @type {import('node:cluster').Cluster} */ (/** @type {unknown} */ (require('node:cluster')));
const { subscribe } = require('node:diagnostics_channel');
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const tls = require('node:tls');
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const certificate = require('../../support/certificate.js');

/** @typedef {import('node:net').Socket} Socket */
/** @typedef {import('node:net').Server} Server */

const host = '127.0.0.1';
const insecure = { rejectUnauthorized: false };
// In the order and the units of scripts/matrix/socket-options.py.
const settings = { servers: '1 2 1 3 5000', connections: '1 1 1 4 5000' };
const role = isMainThread ? process.argv[2] : String(workerData);

/** @type {Promise<unknown>[]} */
const ended = [];
/** @type {string[]} */
const reasons = [];

/** Says what a connection is to hold, and waits for its end. @param {Socket} socket @param {string} expected */
function hold(socket, expected) {
  console.log(`holds ${socket.localPort}:${socket.remotePort} ${expected}`);
  socket.on('error', (/** @type {NodeJS.ErrnoException} */ error) => void reasons.push(String(error.code)));
  ended.push(closed(socket));
}

/** @param {import('node:events').EventEmitter} emitter */
function closed(emitter) {
  return new Promise((resolve) => void emitter.once('close', resolve));
}

/** @param {Server} server whose connections are held */
async function listen(server) {
  server.on('connection', (/** @type {Socket} */ socket) => hold(socket, settings.servers));
  server.on('tlsClientError', () => undefined);
  server.listen(0, host);
  await once(server, 'listening');
  return /** @type {net.AddressInfo} */ (server.address()).port;
}

/** @param {Socket} socket @param {string} event */
async function connected(socket, event = 'connect') {
  // A driver's own call must not win.
  socket.setKeepAlive(true, 60_000);
  await once(socket, event);
  hold(socket, settings.connections);
}

async function plain() {
  const port = await listen(net.createServer({ keepAlive: true, keepAliveInitialDelay: 9_000 }));
  await connected(net.connect(port, 'localhost'));
  await connected(new net.Socket().connect(port, host));
  const first = net.createServer((socket) => void socket.destroy());
  first.listen(0, host);
  await once(first, 'listening');
  const again = net.connect(/** @type {net.AddressInfo} */ (first.address()).port, host).resume();
  await once(again, 'close');
  first.close();
  await connected(again.connect(port, host));
}

async function secure() {
  const port = await listen(tls.createServer(certificate));
  await connected(tls.connect({ port, host, ...insecure }), 'secureConnect');
  await connected(tls.connect({ socket: net.connect(port, host), ...insecure }), 'secureConnect');
}

/** @type {http.RequestListener} */
const answer = (_request, response) => void response.end('.');

async function requests() {
  const port = await listen(http.createServer({ keepAliveTimeout: 60_000 }, answer));
  const securePort = await listen(https.createServer({ ...certificate, keepAliveTimeout: 60_000 }, answer));
  for (const request of [
    http.get({ port, host, agent: new http.Agent({ keepAlive: true }) }),
    https.get({ port: securePort, host, agent: new https.Agent({ keepAlive: true }), ...insecure }),
  ]) {
    const [response] = await once(request, 'response');
    hold(response.socket, settings.connections);
    response.resume();
  }
  subscribe('undici:client:connected', (message) =>
    hold(/** @type {{ socket: Socket }} */ (message).socket, settings.connections),
  );
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  for (const url of [`http://localhost:${port}`, `https://localhost:${securePort}`]) await (await fetch(url)).text();
}

async function sessions() {
  const urls = [
    `http://localhost:${await listen(http2.createServer())}`,
    `https://localhost:${await listen(http2.createSecureServer(certificate))}`,
  ];
  for (const url of urls) {
    const session = http2.connect(url, insecure).on('error', () => undefined);
    await once(session, 'connect');
    const { localPort, remotePort } = session.socket;
    console.log(`holds ${localPort}:${remotePort} ${settings.connections}`);
    ended.push(closed(session));
  }
}

/** Runs this file in another thread or process, which ends when its connections have. @param {import('node:events').EventEmitter} other */
function elsewhere(other) {
  ended.push(
    once(other, 'exit').then(([code]) => {
      if (code !== 0) throw new Error(`ended with ${code}`);
    }),
  );
  return new Promise((resolve) => void other.once('message', resolve));
}

async function everywhere() {
  await plain();
  await secure();
  await requests();
  await sessions();
  await elsewhere(new Worker(__filename, { workerData: 'worker' }));
  await elsewhere(fork(__filename, ['child']));
  await elsewhere(fork(__filename, ['primary']));
  console.log('held');
  console.log('ready');
  const start = performance.now();
  await Promise.all(ended);
  console.log(`# ${[...new Set(reasons)].join(', ')}`);
  if (!reasons.includes('ETIMEDOUT')) throw new Error('none has timed out');
  console.log(
    `ok a silent peer (${ended.length} connections have ended after ${Math.round(performance.now() - start)} ms)`,
  );
  process.exit();
}

async function elsewhereItself() {
  if (role === 'primary' && cluster.isPrimary) {
    cluster.schedulingPolicy = cluster.SCHED_RR;
    const worker = cluster.fork();
    worker.on('message', (message) => process.send?.(message));
    const [code] = await once(worker, 'exit');
    process.exit(code);
  }
  await plain();
  const { parentPort } = require('node:worker_threads');
  if (parentPort === null) process.send?.('held');
  else parentPort.postMessage('held');
  await Promise.all(ended);
  process.exit();
}

(role === undefined ? everywhere() : elsewhereItself()).catch((error) => {
  console.log(`not ok ${error.stack}`);
  process.exit(1);
});
setTimeout(() => {
  console.log(`not ok still open after 60 s`);
  process.exit(1);
}, 60_000).unref();
