// Pooled sockets that their peer closed while the event loop was busy.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import t, { type Test } from 'tap';
import { applyKeepaliveToAgent, readTcpInfo } from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { profile } from '../support/profiles';

const program = require.resolve('./closed-sockets/server.js');
const requests = 20;
const slowMachine = 20_000;

const schemes = { http, https };

async function get(scheme: keyof typeof schemes, agent: http.Agent, port: number): Promise<string> {
  return new Promise((resolve) => {
    const sent = schemes[scheme].get({ agent, port, host: '127.0.0.1', rejectUnauthorized: false } as object);
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.on('response', (response) => void response.resume().on('end', () => resolve(String(response.statusCode))));
  });
}

/** What requests get that are made after all pooled sockets were closed, before the event loop comes round. */
async function afterClosing(
  t: Test,
  scheme: keyof typeof schemes,
  scheduling: 'fifo' | 'lifo',
  discardClosed: boolean,
) {
  const server = fork(program, [scheme]);
  t.teardown(() => server.kill('SIGKILL'));
  const [port] = (await once(server, 'message')) as [number];
  const agent = new schemes[scheme].Agent({ keepAlive: true, scheduling });
  t.teardown(() => agent.destroy());
  const before = Object.getOwnPropertyNames(agent);
  const tuned = applyKeepaliveToAgent(agent, profile, { discardClosed });
  const all = () => Promise.all(Array.from({ length: requests }, () => get(scheme, agent, port)));
  t.strictSame(await all(), Array(requests).fill('200'));
  await new Promise((resolve) => setImmediate(resolve));
  const pooled = Object.values(agent.freeSockets).flatMap((sockets = []) => sockets);
  t.equal(pooled.length, requests);

  server.send('close');
  const deadline = performance.now() + slowMachine;
  while (pooled.some((socket) => readTcpInfo(socket).state === 'established')) {
    if (performance.now() > deadline) throw new Error('not closed');
  }
  const outcomes = await all();
  const [kept] = Object.values(agent.freeSockets).flatMap((sockets = []) => sockets);
  if (discardClosed) t.strictSame(held(kept!), heldBy(profile), 'a new one has the profile');
  t.strictSame(await all(), Array(requests).fill('200'), 'and afterwards');
  tuned.stop();
  t.strictSame(Object.getOwnPropertyNames(agent), before, 'the methods are those of the class again');
  return outcomes;
}

for (const scheme of Object.keys(schemes) as (keyof typeof schemes)[]) {
  for (const scheduling of ['fifo', 'lifo'] as const) {
    void t.test(`${scheme}, ${scheduling}: requests get closed sockets, and with discardClosed none`, async (t) => {
      t.strictSame(await afterClosing(t, scheme, scheduling, false), Array(requests).fill('ECONNRESET'));
      t.strictSame(await afterClosing(t, scheme, scheduling, true), Array(requests).fill('200'));
    });
  }
}

void t.test('open sockets are used again; what is not a socket is left to the agent', async (t) => {
  const server = http.createServer((_request, response) => void response.end('.')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close().closeAllConnections());
  const { port } = server.address() as { port: number };
  const agent = new http.Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  applyKeepaliveToAgent(agent, profile, { discardClosed: true });
  for (let i = 0; i < 3; i += 1) {
    t.equal(await get('http', agent, port), '200');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [first, ...others] = Object.values(agent.freeSockets).flatMap((sockets = []) => sockets);
  t.strictSame(
    [others.length, await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))],
    [0, 1],
  );
  first!.destroy();
  t.equal(await get('http', agent, port), '200', 'a destroyed one');
});

void t.test('bad options', async (t) => {
  const agent = new http.Agent();
  for (const options of [null, 1, { discardClosed: 'yes' }] as never[]) {
    t.throws(() => applyKeepaliveToAgent(agent, profile, options), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  const tuned = applyKeepaliveToAgent(agent, profile, { discardClosed: true });
  t.equal(applyKeepaliveToAgent(agent, profile), tuned);
  t.notOk(Object.hasOwn(agent, 'addRequest'), 'called again without the option');
});
