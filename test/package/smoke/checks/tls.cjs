'use strict';
// TLS over TCP, over a socket that is there, over something else.
const assert = require('node:assert');
const { once } = require('node:events');
const net = require('node:net');
const { Duplex } = require('node:stream');
const tls = require('node:tls');
const certificate = require('../lib/certificate.cjs');
const { check, codeOf, own } = require('../lib/check.cjs');
const { host, listen } = require('../lib/connections.cjs');
const { keepalive, other, profile } = require('../lib/package.cjs');
const { applied, assertHolds } = require('../lib/settings.cjs');

module.exports = async function secure() {
  await check('TLS, both ends', async () => {
    const server = tls.createServer(certificate);
    const port = await listen(server);
    const client = own(tls.connect({ host, port, rejectUnauthorized: false }));
    keepalive.applyKeepalive(client, other);
    const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')]);
    assertHolds(client, other);
    return `${await applied(client, profile)}, ${await applied(own(accepted), profile)}`;
  });
  await check('TLS over a socket that is there', async () => {
    const below = own(net.connect(await listen(tls.createServer(certificate)), host));
    await once(below, 'connect');
    const client = own(tls.connect({ socket: below, rejectUnauthorized: false }));
    await once(client, 'secureConnect');
    return applied(client, profile);
  });
  await check('TLS over a stream that is no socket', () => {
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const socket = own(tls.connect({ socket: stream, rejectUnauthorized: false }));
    assert.strictEqual(
      codeOf(() => keepalive.applyKeepalive(socket, profile)),
      'ERR_KEEPALIVE_NOT_TCP',
    );
  });
};
