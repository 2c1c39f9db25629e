'use strict';
// Servers of every kind: each connection has the profile before the user's listener sees it.
const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const tls = require('node:tls');
const certificate = require('../lib/certificate.cjs');
const { atTheEnd, check, own } = require('../lib/check.cjs');
const { host, listen, pair, request, securePair } = require('../lib/connections.cjs');
const { keepalive, other, profile } = require('../lib/package.cjs');
const { applied, assertHolds, inEvent } = require('../lib/settings.cjs');

const { applyKeepalive, applyKeepaliveToServer, readKeepalive } = keepalive;

/** @type {http.RequestListener} */
const answer = (_request, response) => void response.end();

/** Each with a way to connect to it. @type {Record<string, [() => any, (server: any) => Promise<unknown>]>} */
const kinds = {
  net: [() => net.createServer(), pair],
  tls: [() => tls.createServer(certificate), securePair],
  http: [() => http.createServer(answer), (server) => request(server, http)],
  https: [() => https.createServer(certificate, answer), (server) => request(server, https)],
  http2: [() => http2.createServer(), connectHttp2],
};

/** @param {net.Server} server */
async function connectHttp2(server) {
  const session = http2.connect(`http://${host}:${await listen(server)}`);
  atTheEnd(() => session.destroy());
  await once(session, 'connect');
  applyKeepalive(session.socket, other);
  assertHolds(session.socket, other);
}

module.exports = async function servers() {
  for (const [name, [create, connect]] of Object.entries(kinds)) {
    await check(`${name} server: every connection, then stop()`, async () => {
      const server = create();
      const tuned = applyKeepaliveToServer(server, profile);
      const seen = inEvent(server, 'connection', (socket) => assertHolds(socket, profile));
      await connect(server);
      await seen;
      const { mode } = tuned;
      if (mode === 'listener') assertHolds(server, profile);
      tuned.stop();
      if (mode === 'listener') assert.strictEqual(readKeepalive(server).enabled, false);
      return `mode ${mode}`;
    });
  }
  await check('the socket of an http request, on the server', async () => {
    /** @type {Promise<unknown> | undefined} */
    let outcome;
    const server = http.createServer((request, response) => {
      outcome = applied(request.socket, profile).finally(() => response.end());
      outcome.catch(() => undefined);
    });
    await request(server, http);
    return outcome;
  });
  await check('an http server that is handed its connections', async () => {
    let seen = false;
    const server = http.createServer((request, response) => {
      assertHolds(request.socket, profile);
      seen = true;
      response.end();
    });
    const front = net.createServer((socket) => void server.emit('connection', own(socket)));
    applyKeepaliveToServer(front, profile);
    await request(front, http);
    assert.ok(seen);
  });
};
