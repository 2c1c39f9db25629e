import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import t, { type Test } from 'tap';
import { applyKeepaliveToAgent } from 'tcp-keepalive';
import certificate from '../support/certificate.js';
import { collectGarbage } from '../support/garbage';
import { held, heldBy } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { listening, owned, unixPair } from '../support/sockets';

interface Scheme {
  readonly name: string;
  readonly createServer: (listener: http.RequestListener) => http.Server;
  readonly createAgent: (options?: http.AgentOptions) => http.Agent;
  readonly request: typeof http.request;
}

const schemes: Scheme[] = [
  {
    name: 'http',
    createServer: (listener) => http.createServer(listener),
    createAgent: (options) => new http.Agent({ keepAlive: true, ...options }),
    request: http.request,
  },
  {
    name: 'https',
    createServer: (listener) => https.createServer(certificate, listener),
    createAgent: (options) => new https.Agent({ keepAlive: true, rejectUnauthorized: false, ...options }),
    request: https.request,
  },
];

/** One request to its end. Resolves with its socket, which is in the pool then. */
async function request(scheme: Scheme, agent: http.Agent, port: number): Promise<Socket> {
  const sent = scheme.request({ agent, port, host: '127.0.0.1' }).end();
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  const { socket } = response;
  response.resume();
  await once(response, 'end');
  await new Promise((resolve) => setImmediate(resolve));
  return socket;
}

async function serve(t: Test, scheme: Scheme): Promise<number> {
  const server = scheme.createServer((_request, response) => void response.end('.'));
  t.teardown(() => server.closeAllConnections());
  return listening(t, server);
}

for (const scheme of schemes) {
  void t.test(`${scheme.name}: new, pooled, reused, updated, stopped`, async (t) => {
    const port = await serve(t, scheme);
    const agent = scheme.createAgent();
    t.teardown(() => agent.destroy());
    const before = Object.getOwnPropertyNames(agent);
    const tuned = applyKeepaliveToAgent(agent, profile);

    let inUse: number[] = [];
    agent.on('free', (socket: Socket) => (inUse = held(socket)));
    const socket = await request(scheme, agent, port);
    t.strictSame(inUse, heldBy(profile), 'in use');
    t.strictSame(held(socket), heldBy(profile), 'pooled');
    t.equal(Object.values(agent.freeSockets).flat().length, 1);

    t.equal(await request(scheme, agent, port), socket, 'the same socket');
    t.strictSame(held(socket), heldBy(profile), 'after a second return to the pool');
    tuned.update(other);
    t.strictSame(held(socket), heldBy(other), 'updated in the pool');
    t.equal(applyKeepaliveToAgent(agent, profile), tuned, 'called again, it updates');
    t.strictSame(held(socket), heldBy(profile));

    tuned.stop();
    t.strictSame(Object.getOwnPropertyNames(agent), before, 'no override is left');
    t.equal(await request(scheme, agent, port), socket);
    agent.destroy();
    t.not((await request(scheme, agent, port)).destroyed && held(socket)[1], 41, 'later sockets are the agent’s own');
  });

  void t.test(`${scheme.name}: sockets that the agent has already`, async (t) => {
    const port = await serve(t, scheme);
    const agent = scheme.createAgent();
    t.teardown(() => agent.destroy());
    const socket = await request(scheme, agent, port);
    t.not(held(socket)[1], 41);
    applyKeepaliveToAgent(agent, profile);
    t.strictSame(held(socket), heldBy(profile));
  });

  void t.test(
    `${scheme.name}: settings changed while a socket is pooled are put right when it is reused`,
    async (t) => {
      const port = await serve(t, scheme);
      const agent = scheme.createAgent();
      t.teardown(() => agent.destroy());
      applyKeepaliveToAgent(agent, profile);
      const socket = await request(scheme, agent, port);
      socket.setKeepAlive(true, 9_000);
      t.equal(held(socket)[1], 9);
      const sent = scheme.request({ agent, port, host: '127.0.0.1' }).end();
      const [taken] = (await once(sent, 'socket')) as [Socket];
      t.equal(taken, socket);
      t.strictSame(held(taken), heldBy(profile));
      const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
      response.resume();
      await once(response, 'end');
    },
  );
}

void t.test('an agent that does not pool', async (t) => {
  const scheme = schemes[0]!;
  const port = await serve(t, scheme);
  const agent = scheme.createAgent({ keepAlive: false });
  applyKeepaliveToAgent(agent, profile);
  let seen: number[] = [];
  const sent = http.request({ agent, port, host: '127.0.0.1' }).end();
  sent.on('response', (response) => (seen = held(response.socket)));
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  response.resume();
  t.strictSame(seen, heldBy(profile));
  await once(response, 'close');
});

void t.test('sockets that are not TCP connections are left alone', async (t) => {
  const { server } = await unixPair(t);
  server.removeAllListeners('connection');
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.';
  server.on('connection', (socket: Socket) => void owned(t, socket).once('data', () => socket.end(answer)));
  const agent = new http.Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  applyKeepaliveToAgent(agent, profile);
  const [response] = (await once(http.get({ agent, socketPath: server.address() as string }), 'response')) as [
    http.IncomingMessage,
  ];
  t.equal(response.statusCode, 200, 'socketPath');
  response.resume();

  const stream = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      stream.push(answer);
      done();
    },
  });
  const tunnel = new http.Agent();
  Object.assign(tunnel, { createConnection: () => stream });
  applyKeepaliveToAgent(tunnel, profile);
  const [tunnelled] = (await once(http.get({ agent: tunnel, host: 'example.invalid' }), 'response')) as [
    http.IncomingMessage,
  ];
  t.equal(tunnelled.statusCode, 200, 'a stream that is no socket');
  tunnelled.resume();
});

void t.test('the user’s own override is kept and restored', async (t) => {
  const port = await serve(t, schemes[0]!);
  const agent = new http.Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  let created = 0;
  const createConnection = (options: net.NetConnectOpts) => {
    created += 1;
    return net.connect(options);
  };
  Object.assign(agent, { createConnection });
  const tuned = applyKeepaliveToAgent(agent, profile);
  const socket = await request(schemes[0]!, agent, port);
  t.equal(created, 1);
  t.strictSame(held(socket), heldBy(profile));
  tuned[Symbol.dispose]();
  t.equal((agent as unknown as { createConnection: unknown }).createConnection, createConnection);
});

void t.test('createConnection with positional arguments', async (t) => {
  const server = net.createServer((socket) => void owned(t, socket));
  const port = await listening(t, server, { host: '127.0.0.2' });
  const agent = new http.Agent();
  applyKeepaliveToAgent(agent, profile);
  const { createConnection } = agent as unknown as { createConnection: (...args: unknown[]) => Socket };
  const called: unknown[][] = [];
  const callback = function (this: unknown, ...args: unknown[]) {
    called.push([this, ...args]);
  };
  const plain = owned(t, createConnection.call(agent, port, '127.0.0.2'));
  const withCallback = owned(t, createConnection.call(agent, port, '127.0.0.2', callback));
  await Promise.all([once(plain, 'connect'), once(withCallback, 'connect')]);
  for (const socket of [plain, withCallback]) {
    t.equal(socket.remoteAddress, '127.0.0.2');
    t.strictSame(held(socket), heldBy(profile));
  }
  t.equal(called.length, 1);
  t.ok(called[0]!.length === 1 && called[0]![0] === withCallback, 'as a listener of connect is called');
});

void t.test('sockets of another agent that this one delegates to are left alone', async (t) => {
  const port = await serve(t, schemes[0]!);
  const inner = new http.Agent({ keepAlive: true, keepAliveMsecs: 9_000 });
  t.teardown(() => inner.destroy());
  const outer = Object.assign(new http.Agent({ keepAlive: true }), {
    addRequest: (...args: unknown[]) => {
      (inner as unknown as { addRequest: (...args: unknown[]) => void }).addRequest(...args);
    },
  });
  applyKeepaliveToAgent(outer, profile);
  for (const time of ['new', 'pooled']) {
    const socket = await request(schemes[0]!, outer, port);
    t.strictSame(held(socket).slice(0, 2), [1, 9], time);
  }
});

void t.test('a second stop() changes nothing that was done after the first', async (t) => {
  const agent = new http.Agent({ keepAlive: true });
  const before = Object.getOwnPropertyNames(agent);
  const stale = applyKeepaliveToAgent(agent, profile);
  stale.stop();
  const tuned = applyKeepaliveToAgent(agent, other);
  stale.stop();
  t.equal(applyKeepaliveToAgent(agent, profile), tuned);
  tuned.stop();
  t.strictSame(Object.getOwnPropertyNames(agent), before);
});

void t.test('an agent can still be collected', async (t) => {
  const agents = Array.from({ length: 50 }, () => {
    const agent = new http.Agent({ keepAlive: true });
    applyKeepaliveToAgent(agent, profile);
    return new WeakRef(agent);
  });
  for (let round = 0; round < 10; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  t.ok(agents.filter((agent) => agent.deref() !== undefined).length <= 1);
});

void t.test('bad arguments', async (t) => {
  const withoutPools = Object.create(http.Agent.prototype) as unknown;
  for (const value of [undefined, {}, new net.Socket(), withoutPools]) {
    t.throws(() => applyKeepaliveToAgent(value as never, profile), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  const agent = new http.Agent();
  const before = Object.getOwnPropertyNames(agent);
  t.throws(() => applyKeepaliveToAgent(agent, { initialDelay: 30, interval: 5, count: 3 }), {
    code: 'ERR_KEEPALIVE_PROFILE',
  });
  t.strictSame(Object.getOwnPropertyNames(agent), before);
});
