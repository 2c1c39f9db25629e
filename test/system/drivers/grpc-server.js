'use strict';
// grpc-server.js ADDRESS: answers /test/ask, and never /test/wait. Prints its port.
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
server.bindAsync(`${process.argv[2]}:0`, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`port ${port}`);
});
