'use strict';
// `client.js URL [busy]`: one session with one request, whose response it reads; prints "open", and "ping" for each that it
// answers, as every http2 does. A busy one goes on to send.
const http2 = require('node:http2');

const [url = '', busy] = process.argv.slice(2);
const session = http2.connect(url, { settings: { initialWindowSize: 1 << 24 } });
session.on('error', () => process.exit(1)).on('close', () => process.exit());
session.on('connect', () => session.setLocalWindowSize(1 << 24));
session.on('ping', () => console.log('ping'));
const request = session.request({ ':method': busy === undefined ? 'GET' : 'POST' });
if (busy !== undefined) setInterval(() => request.write('x'), 300);
request.on('error', () => undefined).on('response', () => console.log('open'));
request.resume();
