import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import t from 'tap';
import { getGlobalDispatcher, request, setGlobalDispatcher } from 'undici';
import certificate from '../support/certificate.js';
import { createDispatcher } from '../../examples/undici.js';
import { held, heldBy } from '../support/oracle';
import { profile } from '../support/profiles';
import { listening } from '../support/sockets';

for (const secure of [false, true]) {
  void t.test(`undici and fetch, ${secure ? 'https' : 'http'}`, async (t) => {
    const answer: http.RequestListener = (_request, response) => void response.end('.');
    const server = secure ? https.createServer(certificate, answer) : http.createServer(answer);
    const port = await listening(t, server);
    t.teardown(() => server.closeAllConnections());
    const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}/`;

    const sockets: Socket[] = [];
    const onSend = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
    subscribe('undici:client:sendHeaders', onSend);
    const before = getGlobalDispatcher();
    const dispatcher = createDispatcher(profile, { rejectUnauthorized: false });
    t.teardown(async () => {
      unsubscribe('undici:client:sendHeaders', onSend);
      setGlobalDispatcher(before);
      await dispatcher.destroy();
    });

    const { body } = await request(url, { dispatcher });
    await body.text();
    setGlobalDispatcher(dispatcher);
    // Node's own undici takes dispatchers of its own major version.
    if (process.versions['undici']?.split('.')[0] === '6') await (await fetch(url)).text();
    else t.comment(`fetch: Node has undici ${process.versions['undici']}`);
    t.ok(sockets.length >= 1);
    for (const socket of sockets) t.strictSame(held(socket), heldBy(profile));
  });
}

void t.test('undici without this package: probes after 60 s, no user timeout', async (t) => {
  const server = http.createServer((_request, response) => void response.end('.'));
  const port = await listening(t, server);
  const accepting = once(server, 'connection');
  let seen: number[] = [];
  const onSend = (message: unknown) => void (seen = held((message as { socket: Socket }).socket));
  subscribe('undici:client:sendHeaders', onSend);
  t.teardown(() => unsubscribe('undici:client:sendHeaders', onSend));
  const { body } = await request(`http://127.0.0.1:${port}/`, { reset: true });
  await body.text();
  await accepting;
  t.strictSame(seen, [1, 60, 1, 10, 0], 'the reason for the recipe');
});
