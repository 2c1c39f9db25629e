'use strict';
// Agents: new sockets, and those that they keep.
const assert = require('node:assert');
const http = require('node:http');
const https = require('node:https');
const certificate = require('../lib/certificate.cjs');
const { atTheEnd, check } = require('../lib/check.cjs');
const { request } = require('../lib/connections.cjs');
const { keepalive, other, profile } = require('../lib/package.cjs');
const { assertHolds } = require('../lib/settings.cjs');

module.exports = async function agents() {
  for (const [name, client, create] of /** @type {const} */ ([
    ['http', http, () => http.createServer((_request, response) => void response.end())],
    ['https', https, () => https.createServer(certificate, (_request, response) => void response.end())],
  ])) {
    await check(`${name}.Agent: new and pooled sockets`, async () => {
      const agent = new client.Agent({ keepAlive: true });
      atTheEnd(() => agent.destroy());
      const tuned = keepalive.applyKeepaliveToAgent(agent, profile);
      const pooled = () => /** @type {import('node:net').Socket} */ (Object.values(agent.freeSockets)[0]?.[0]);
      const { socket } = await request(create(), client, { agent });
      assertHolds(socket ?? pooled(), profile);
      await new Promise((resolve) => void setImmediate(resolve));
      tuned.update(other);
      assert.ok(pooled() !== undefined, 'the agent has kept it');
      assertHolds(pooled(), other);
    });
  }
};
