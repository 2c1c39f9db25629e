'use strict';
// server.js http|https: tells its port, and closes its idle connections when told to.
const http = require('node:http');
const https = require('node:https');
const certificate = require('../../support/certificate.js');

const answer = (/** @type {http.IncomingMessage} */ _request, /** @type {http.ServerResponse} */ response) =>
  void response.end('.');
const options = { keepAliveTimeout: 600_000 };
const server =
  process.argv[2] === 'https'
    ? https.createServer({ ...certificate, ...options }, answer)
    : http.createServer(options, answer);
server.listen(0, '127.0.0.1', () =>
  process.send?.(/** @type {import('node:net').AddressInfo} */ (server.address()).port),
);
process.on('message', () => server.closeIdleConnections());
