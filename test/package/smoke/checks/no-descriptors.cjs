'use strict';
// A runtime that tells no descriptor of any socket: typed refusals, and no harm.
const assert = require('node:assert');
const { once } = require('node:events');
const net = require('node:net');
const tls = require('node:tls');
const certificate = require('../lib/certificate.cjs');
const { check, codeOf, own } = require('../lib/check.cjs');
const { host, listen, pair } = require('../lib/connections.cjs');
const { keepalive, profile } = require('../lib/package.cjs');

const { applyKeepalive, readKeepalive } = keepalive;
const refused = 'ERR_KEEPALIVE_UNSUPPORTED';

/** Where there is no way to a descriptor, nothing else can be tried. */
exports.isReachable = async function isReachable() {
  let code = 'no error';
  await check('a way to the descriptor', async () => {
    const { client } = await pair();
    code = codeOf(() => readKeepalive(client)) ?? code;
    readKeepalive(client);
  });
  return code !== refused;
};

exports.refuses = async function refuses() {
  for (const [name, create, connect, accepting, connecting] of /** @type {const} */ ([
    ['sockets', () => net.createServer(), net.connect, 'connection', 'connect'],
    ['TLS sockets', () => tls.createServer(certificate), tls.connect, 'secureConnection', 'secureConnect'],
  ])) {
    await check(`refused: ${name}, both ends, and their server`, async () => {
      const server = create();
      const port = await listen(server);
      const client = own(/** @type {any} */ (connect)({ host, port, rejectUnauthorized: false }));
      const [[accepted]] = await Promise.all([once(server, accepting), once(client, connecting)]);
      for (const call of [
        () => applyKeepalive(client, profile),
        () => applyKeepalive(own(accepted), profile),
        () => readKeepalive(client),
        () => readKeepalive(server),
        () => keepalive.disableKeepalive(client),
        () => keepalive.readTcpInfo(client),
      ]) {
        assert.strictEqual(codeOf(call), refused);
      }
      assert.strictEqual(client.destroyed, false);
    });
  }
  await check('refused: before connect', async () => {
    const socket = own(new net.Socket());
    assert.strictEqual(applyKeepalive(socket, profile), false);
    /** @type {Promise<NodeJS.ErrnoException>} */
    const error = new Promise((resolve) => void socket.once('error', resolve));
    socket.connect(await listen(net.createServer()), host);
    assert.strictEqual((await error).code, refused);
  });
};
