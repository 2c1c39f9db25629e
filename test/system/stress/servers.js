'use strict';
// Servers that close and listen again, and what connects to them.
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const { any, bystanders, counts, nested, own, random, sockets, values } = require('./world.js');

/**
 * @typedef {typeof import('tcp-keepalive') & typeof import('tcp-keepalive/heartbeat')} Package
 * @typedef {import('node:net').Socket & { connecting: boolean }} Socket
 */

/** @param {net.Server} server @param {net.ListenOptions} [where] */
async function listen(server, where = { host: '127.0.0.1', port: 0 }) {
  server.listen(where);
  await once(server, 'listening');
}

const certificate = require('../../support/certificate.js');
const quiet = net.createServer((socket) => own(bystanders, socket));
const tuned = net.createServer((socket) => {
  own(sockets, socket);
  nested();
});
const secure = tls.createServer(certificate, (socket) => own(sockets, socket));
const web = http.createServer((request, response) => {
  if (random() < 0.1) request.socket.destroy();
  else response.end('hello');
});
web.on('connection', (socket) => own(sockets, socket));
/** Below TLS: their handshake may never end. @type {Set<Socket>} */
const below = new Set();
secure.on('connection', (socket) => below.add(socket.on('close', () => below.delete(socket))));
secure.on('tlsClientError', () => {});
web.on('clientError', () => {});
const unix = net.createServer((socket) => own(sockets, socket));
const unixPath = path.join(os.tmpdir(), `tcp-keepalive-stress-${process.pid}-${values.seed}`);
const agents = [new http.Agent({ keepAlive: true, maxSockets: 20 }), new http.Agent({ keepAlive: false })];
/** @param {net.Server} server */
const portOf = (server) => /** @type {net.AddressInfo | null} */ (server.address())?.port ?? 1;

const connections = [
  () => own(sockets, net.connect(portOf(tuned), '127.0.0.1')),
  () => own(sockets, net.connect(portOf(tuned), '127.0.0.1', nested)),
  () => own(sockets, net.connect(unixPath)),
  () => own(sockets, net.connect(1, '127.0.0.1')), // is refused
];

const secured = () => own(sockets, tls.connect({ port: portOf(secure), host: '127.0.0.1', rejectUnauthorized: false }));

function request() {
  if (values['without-http'] || counts.requests - answered > 20) return;
  counts.requests += 1;
  const sent = http.get({ port: portOf(web), host: '127.0.0.1', agent: any(agents) }, (response) => {
    response.resume();
    nested();
  });
  sent.on('error', () => {});
  sent.on('close', () => (answered += 1));
  sent.on('socket', (socket) => {
    if (!sockets.has(socket)) own(sockets, socket);
  });
  if (random() < 0.2) setImmediate(() => sent.destroy());
}
let answered = 0;

/** The same server listens anew. */
function relisten() {
  const server = any([tuned, web, secure]);
  if (!server.listening) return;
  server.close();
  server.listen({ host: '127.0.0.1', port: 0 });
  counts.relistened += 1;
}

async function open() {
  await Promise.all([listen(quiet), listen(tuned), listen(secure), listen(web), listen(unix, { path: unixPath })]);
}

function close() {
  for (const agent of agents) agent.destroy();
  for (const socket of [...sockets, ...bystanders, ...below]) socket.destroy();
  for (const server of [quiet, tuned, secure, web, unix]) server.close();
  web.closeAllConnections();
}

module.exports = {
  ...{ agents, close, connections, listen, open, portOf, quiet, relisten, request, secure, secured, tuned, web },
};
