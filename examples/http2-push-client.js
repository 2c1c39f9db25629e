'use strict';
// An outbound HTTP/2 session as to a push gateway: `node http2-push-client.js https://localhost:8443`.
const { once } = require('node:events');
const { connect } = require('node:http2');
const { applyKeepalive, profiles } = require('tcp-keepalive');

/** @param {import('node:http2').SecureClientSessionOptions} [options] */
exports.start = function start(profile = profiles.dataCenter, gateway = 'https://localhost:8443', options) {
  const session = connect(gateway, options);
  applyKeepalive(session.socket, profile);
  session.on('error', (error) => console.log(`the gateway is lost: ${error.message}`));
  return session;
};

/**
 * @param {import('node:http2').ClientHttp2Session} session
 * @param {string} device
 * @param {unknown} message
 * @returns {Promise<number | undefined>} the gateway's status
 */
exports.push = async function push(session, device, message) {
  const request = session.request({ ':method': 'POST', ':path': `/3/device/${device}` });
  request.resume().end(JSON.stringify(message));
  const [headers] = await once(request, 'response');
  return headers[':status'];
};

if (require.main === module) {
  const session = exports.start(undefined, process.argv[2]);
  exports.push(session, '00fc13adff78', { alert: 'hello' }).then(console.log, () => {});
}
