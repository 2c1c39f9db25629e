// What a developer reads who passes the wrong thing, or prints what applyKeepaliveToServer returned.
import fastify from 'fastify';
import http from 'node:http';
import net, { type Server } from 'node:net';
import { inspect } from 'node:util';
import t from 'tap';
import { applyKeepaliveToServer } from 'tcp-keepalive';
import { other, profile } from '../support/profiles';
import { listening } from '../support/sockets';

void t.test('the application of a web framework in place of its server: the error says what to pass', async (t) => {
  // As Express and Koa make them: Express' is a function.
  const listen = () => http.createServer();
  const express = Object.assign(() => undefined, { listen });
  for (const app of [express, { listen }]) {
    const wrong = {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /must be a net\.Server: pass what app\.listen\(\) returned\. /,
    };
    t.throws(() => applyKeepaliveToServer(app as unknown as Server, profile), wrong);
  }
  const app = fastify();
  const wrong = { code: 'ERR_INVALID_ARG_TYPE', message: /must be a net\.Server: pass its "server" property\. / };
  t.throws(() => applyKeepaliveToServer(app as unknown as Server, profile), wrong);
  const plain = { code: 'ERR_INVALID_ARG_TYPE', message: /must be a net\.Server\. Received / };
  const throwing = Object.defineProperty({}, 'listen', {
    get() {
      throw new Error('a getter that throws');
    },
  });
  for (const nothing of [undefined, null, 8080, {}, throwing]) {
    t.throws(() => applyKeepaliveToServer(nothing as Server, profile), plain);
  }
});

void t.test('console.log shows the mode and the profile', async (t) => {
  const server = net.createServer();
  const tuned = applyKeepaliveToServer(server, profile);
  const shown = (mode: string, { initialDelay, interval, count, userTimeout }: typeof profile) =>
    `ServerKeepalive { mode: '${mode}', profile: { initialDelay: ${initialDelay}, interval: ${interval}, count: ${count}, userTimeout: ${userTimeout} } }`;
  t.equal(inspect(tuned, { breakLength: Infinity }), shown('connection', profile));
  await listening(t, server);
  tuned.update(other);
  t.equal(inspect(tuned, { breakLength: Infinity }), shown('listener', other));
});
