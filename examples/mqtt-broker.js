'use strict';
// An MQTT broker with aedes. Clients can connect with `keepalive: 0`: no PINGREQ, their radios stay asleep.
const { createServer } = require('node:net');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');

exports.start = async function start(profile = profiles.lowPower, port = 1883) {
  const { Aedes } = await import('aedes');
  const broker = await Aedes.createBroker();
  broker.on('clientError', (client, error) => console.log(`${client.id}: ${error.message}`));
  broker.on('clientDisconnect', (client) => console.log(`${client.id} is gone`));

  const server = createServer(broker.handle);
  applyKeepaliveToServer(server, profile);
  server.listen(port);
  return { server, broker };
};

if (require.main === module) void exports.start();
