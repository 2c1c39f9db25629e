'use strict';
// Listens to event-stream-push.js, and connects again when it hears nothing for longer than a ping takes.
const http = require('node:http');
const { SilenceWatchdog } = require('tcp-keepalive/heartbeat');

exports.start = function start(url = 'http://localhost:8080/', { timeout = 360_000, retry = 3_000 } = {}) {
  const watchdog = new SilenceWatchdog({
    timeout,
    onSilence: (silentFor) => console.log(`silence for ${silentFor} ms: connecting again`),
  });
  /** @type {http.ClientRequest | undefined} */
  let request;
  let stopped = false;

  function connect() {
    if (stopped) return;
    request = http.get(url, { agent: false, headers: { accept: 'text/event-stream' } }, (response) => {
      console.log('connected');
      response.setEncoding('utf8').on('data', (/** @type {string} */ text) => console.log(text.trimEnd()));
      response.on('error', () => undefined); // 'close' follows
    });
    // The socket and not the response: a server that accepts and does not answer is noticed too.
    request.on('socket', (socket) => watchdog.watch(socket));
    request.on('error', (error) => console.log(error.message));
    request.on('close', () => setTimeout(connect, retry));
  }

  connect();
  return {
    stop() {
      stopped = true;
      watchdog.stop();
      request?.destroy();
    },
  };
};

if (require.main === module) exports.start(process.argv[2]);
