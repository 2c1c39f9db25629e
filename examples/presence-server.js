'use strict';
// Who is online? GET /events/:id is a phone's event stream, GET /presence/:id asks about it, GET /metrics is for Prometheus.
const { createServer } = require('node:http');
const prometheus = require('prom-client');
const { LivenessMonitor, applyKeepaliveToServer, lastHeard, profiles } = require('tcp-keepalive');

// A probe every 240 s that may be an eighth late, and gone after 300 s.
const defaults = { silentAfter: 275_000, checkEvery: 5_000 };

exports.start = function start(profile = profiles.mobileNat, times = defaults, port = 8080) {
  const monitor = new LivenessMonitor(times);
  /** @type {Map<string, import('node:net').Socket>} */
  const phones = new Map();
  /** @type {Map<import('node:net').Socket, { id: string, silent: boolean }>} */
  const known = new Map();
  const registry = metricsOf(monitor);

  monitor.on('silent', (socket) => setSilent(socket, true));
  monitor.on('heard', (socket) => setSilent(socket, false));
  monitor.on('gone', (socket, reason) => {
    const phone = known.get(socket);
    known.delete(socket);
    if (phone === undefined || phones.get(phone.id) !== socket) return; // it has come back on another connection
    phones.delete(phone.id);
    console.log(`${phone.id} is gone: ${reason}`);
  });

  /** @param {import('node:net').Socket} socket @param {boolean} silent */
  function setSilent(socket, silent) {
    const phone = known.get(socket);
    if (phone !== undefined) phone.silent = silent;
  }

  /** @param {string} id */
  function presence(id) {
    const socket = phones.get(id);
    if (socket === undefined || socket.destroyed) return { online: false };
    return { online: true, silent: known.get(socket)?.silent, lastHeard: lastHeard(socket) };
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async function answer(request, response) {
    const [, page, id = ''] = (request.url ?? '').split('/');
    if (page === 'events' && known.has(request.socket)) {
      response.writeHead(409).end(); // one stream for each connection
    } else if (page === 'events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      phones.set(id, request.socket);
      known.set(request.socket, { id, silent: false });
      monitor.watch(request.socket);
    } else if (page === 'presence') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(presence(id)));
    } else if (page === 'metrics') {
      response.setHeader('content-type', registry.contentType).end(await registry.metrics());
    } else {
      response.writeHead(404).end();
    }
  }

  applyKeepaliveToServer(server, profile);
  server.on('close', () => monitor.stop()).listen(port);
  return { server, monitor };
};

/** What Prometheus asks for. @param {LivenessMonitor} monitor */
function metricsOf(monitor) {
  const registry = new prometheus.Registry();
  const options = { registers: [registry] };
  const gone = new prometheus.Counter({
    ...options,
    name: 'push_connections_gone_total',
    help: 'Connections that closed, by reason',
    labelNames: ['reason'],
  });
  new prometheus.Gauge({
    ...options,
    name: 'push_connections_last_heard_ms',
    help: 'Connections whose peer was heard from at most so many milliseconds ago',
    labelNames: ['le'],
    collect() {
      const { bounds, counts } = monitor.snapshot().lastHeard;
      let atMost = 0;
      counts.forEach((count, i) => {
        atMost += count;
        this.set({ le: bounds[i] ?? '+Inf' }, atMost);
      });
    },
  });
  new prometheus.Gauge({
    ...options,
    name: 'push_connections',
    help: 'Connections, by what is known of their peers',
    labelNames: ['state'],
    collect() {
      const { connections, silent, unknown } = monitor.snapshot();
      this.set({ state: 'heard' }, connections - silent - unknown);
      this.set({ state: 'silent' }, silent);
      this.set({ state: 'unknown' }, unknown);
    },
  });
  monitor.on('gone', (_socket, reason) => gone.inc({ reason }));
  return registry;
}

if (require.main === module) exports.start();
