'use strict';
// Real connections on loopback, closed at the end of the check.
const { once } = require('node:events');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const { isMainThread } = require('node:worker_threads');
const { isWindows } = require('./arguments.cjs');
const certificate = require('./certificate.cjs');
const { own } = require('./check.cjs');

const host = '127.0.0.1';
exports.host = host;

/** @typedef {import('node:net').Socket} Socket */

/** @param {net.Server} server @returns {Promise<number>} its port */
async function listen(server) {
  own(server).listen(0, host);
  await once(server, 'listening');
  return /** @type {net.AddressInfo} */ (server.address()).port;
}

exports.listen = listen;

exports.pair = async function pair(server = net.createServer()) {
  const port = await listen(server);
  const client = own(net.connect(port, host));
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  return { server, client, accepted: own(/** @type {Socket} */ (accepted)) };
};

exports.securePair = async function securePair(server = tls.createServer(certificate)) {
  const client = own(tls.connect({ host, port: await listen(server), rejectUnauthorized: false }));
  const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')]);
  return { client, accepted: own(/** @type {import('node:tls').TLSSocket} */ (accepted)) };
};

let pipes = 0;

/** A Unix-domain server or, on Windows, a named pipe, and a client that connects to it. */
exports.pipe = async function pipe() {
  const name = `tcp-keepalive-${process.pid}-${isMainThread ? 'main' : 'worker'}-${++pipes}`;
  const file = isWindows ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), name);
  const server = own(net.createServer()).listen(file);
  await once(server, 'listening');
  return { server, client: own(net.connect(file)) };
};

/** @param {import('node:http').Server | import('node:https').Server | net.Server} server @param {typeof import('node:http') | typeof import('node:https')} client @param {object} [options] */
exports.request = async function request(server, client, options = {}) {
  const port = await listen(/** @type {net.Server} */ (server));
  const sent = client.get({ host, port, agent: false, rejectUnauthorized: false, ...options });
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  return sent;
};
