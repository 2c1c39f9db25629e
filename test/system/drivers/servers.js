'use strict';
// servers.js ADDRESS: a gRPC server that answers /test/ask, and never /test/wait, and a server that only accepts. Prints their
// ports.
const net = require('node:net');
const grpc = require('@grpc/grpc-js');

const bytes = (/** @type {Buffer} */ value) => value;
const method = (/** @type {string} */ path) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
const server = new grpc.Server();
server.addService(
  { ask: method('/test/ask'), wait: method('/test/wait') },
  {
    ask: (/** @type {any} */ _call, /** @type {any} */ callback) => callback(null, Buffer.from('!')),
    wait: () => undefined,
  },
);
const address = process.argv[2];
server.bindAsync(`${address}:0`, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`grpc ${port}`);
});
const silent = net
  .createServer((socket) => void socket.on('error', () => undefined).resume())
  .listen(0, address, () => {
    console.log(`silent ${/** @type {net.AddressInfo} */ (silent.address()).port}`);
  });
