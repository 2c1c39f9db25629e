// http.globalAgent probes idle pooled sockets once a second: what an agent's profile is for.
import { once } from 'node:events';
import http from 'node:http';
import t from 'tap';
import { applyKeepaliveToAgent } from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { profile } from '../support/profiles';
import { listening } from '../support/sockets';

void t.test('http.globalAgent, before and after', async (t) => {
  const server = http.createServer((_request, response) => void response.end('.'));
  const port = await listening(t, server);
  t.teardown(() => http.globalAgent.destroy());
  const get = async () => {
    const [response] = (await once(http.get({ port, host: '127.0.0.1' }), 'response')) as [http.IncomingMessage];
    const { socket } = response;
    response.resume();
    await once(response, 'end');
    await new Promise((resolve) => setImmediate(resolve));
    return socket;
  };
  t.strictSame(held(await get()), [1, 1, 1, 10, 0]);
  const tuned = applyKeepaliveToAgent(http.globalAgent, profile);
  t.strictSame(held(await get()), heldBy(profile));
  tuned.stop();
});
