'use strict';
// `client.js URL [read]`: one session with one request, whose response it reads; prints "open". Answers pings, as every http2 does.
const http2 = require('node:http2');

const [url = ''] = process.argv.slice(2);
const session = http2.connect(url, { settings: { initialWindowSize: 1 << 24 } });
session.on('error', () => process.exit(1)).on('close', () => process.exit());
session.on('connect', () => session.setLocalWindowSize(1 << 24));
const request = session.request();
request.on('error', () => undefined).on('response', () => console.log('open'));
request.resume();
