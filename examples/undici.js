'use strict';
// undici and Node's fetch: their connector sets 60 s / 1 s / 10 on every socket; what is applied after it stays.
// For fetch, install the major version of undici that Node has: process.versions.undici.
const { applyKeepalive, profiles } = require('tcp-keepalive');
const { Agent, buildConnector, setGlobalDispatcher } = require('undici');

/** @returns {Agent} a dispatcher for undici's functions, or for setGlobalDispatcher and with it fetch */
exports.createDispatcher = function createDispatcher(profile = profiles.cloudLoadBalancer, options = {}) {
  const connect = buildConnector(options);
  return new Agent({
    connect: (target, connected) =>
      connect(target, (...result) => {
        if (result[1] !== null) applyKeepalive(result[1], profile);
        connected(...result);
      }),
  });
};

if (require.main === module) {
  setGlobalDispatcher(exports.createDispatcher());
  void fetch(process.argv[2] ?? 'http://127.0.0.1:8080/').then(({ status }) => console.log(status));
}
