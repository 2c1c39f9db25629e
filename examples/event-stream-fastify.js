'use strict';
// Server-sent events with fastify: GET /events listens, POST /events sends its body to all who do.
const { fastify } = require('fastify');
const { applyKeepaliveToServer, profiles } = require('tcp-keepalive');

exports.start = async function start(profile = profiles.eventStream, port = 8080) {
  const app = fastify();
  applyKeepaliveToServer(app.server, profile);
  /** @type {Set<import('node:http').ServerResponse>} */
  const streams = new Set();

  app.get('/events', (_request, reply) => {
    reply.hijack();
    const stream = reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    stream.flushHeaders();
    streams.add(stream);
    stream.on('close', () => {
      streams.delete(stream);
      console.log(`a listener is gone, ${streams.size} left`);
    });
  });
  app.post('/events', async ({ body }) => {
    for (const stream of streams) stream.write(`data: ${JSON.stringify(body)}\n\n`);
    return { listeners: streams.size };
  });

  await app.listen({ port, host: '0.0.0.0' });
  return app;
};

if (require.main === module) void exports.start();
