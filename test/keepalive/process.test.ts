// applyKeepaliveToProcess: outgoing connections of every kind.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import {
  applyKeepalive,
  applyKeepaliveToProcess,
  disableKeepalive,
  type ConnectionTarget,
  type KeepaliveProfile,
  type ProcessKeepaliveOptions,
} from 'tcp-keepalive';
import { Agent, request } from 'undici';
import certificate from '../support/certificate.js';
import { fdOf, held, heldBy } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { secondCopy } from '../support/second-copy';
import { listening, owned, tcpPair, unixPair } from '../support/sockets';
import { caught } from '../support/uncaught';

const insecure = { rejectUnauthorized: false };

function tuned(t: Test, options: ProcessKeepaliveOptions = { connections: profile }) {
  const process = applyKeepaliveToProcess(options);
  t.teardown(() => process.stop());
  return process;
}

/** The name is that of two addresses, and nobody listens on the first. */
const secondAddress = {
  host: 'two.example',
  autoSelectFamily: true,
  lookup: ((_name, _options, callback) => {
    callback(null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
  }) as net.LookupFunction,
};

async function connected<S extends Socket>(t: Test, socket: S): Promise<S> {
  await once(owned(t, socket), 'connect');
  return socket;
}

/** The sockets that undici, also Node's own, connects while `run` runs. */
async function connectedByUndici(run: () => Promise<unknown>): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const onConnected = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
  subscribe('undici:client:connected', onConnected);
  await run();
  unsubscribe('undici:client:connected', onConnected);
  return sockets;
}

async function netPort(t: Test): Promise<number> {
  return listening(t, net.createServer());
}
async function tlsPort(t: Test): Promise<number> {
  return listening(t, tls.createServer(certificate));
}
const answer: http.RequestListener = (_request, response) => void response.end('.');
async function httpPort(t: Test, secure: boolean): Promise<number> {
  const server = secure ? https.createServer(certificate, answer) : http.createServer(answer);
  t.teardown(() => server.closeAllConnections());
  return listening(t, server);
}

/** The socket of each way to connect. */
const ways: Record<string, (t: Test) => Promise<Socket>> = {
  'net.connect to an address': async (t) => connected(t, net.connect(await netPort(t), '127.0.0.1')),
  'net.connect to IPv6': async (t) => {
    const port = await listening(t, net.createServer(), { host: '::1' });
    return connected(t, net.connect(port, '::1'));
  },
  'net.connect to a name': async (t) => connected(t, net.connect(await netPort(t), 'localhost')),
  'net.connect to the second address of a name': async (t) =>
    connected(t, net.connect({ port: await netPort(t), ...secondAddress })),
  'a new Socket, with keepAlive': async (t) =>
    connected(t, new net.Socket({ keepAlive: true } as net.SocketConstructorOpts).connect(await netPort(t))),
  'net.connect with keepAliveInitialDelay': async (t) =>
    connected(t, net.connect({ port: await netPort(t), keepAlive: true, keepAliveInitialDelay: 9_000 })),
  'a socket that connects again': async (t) => {
    const socket = await connected(t, net.connect(await netPort(t)));
    socket.destroy();
    await once(socket, 'close');
    return connected(t, socket.connect(await netPort(t)));
  },
  'tls.connect': async (t) => connected(t, tls.connect({ port: await tlsPort(t), ...insecure })),
  'tls.connect to the second address of a name': async (t) =>
    connected(t, tls.connect({ port: await tlsPort(t), ...secondAddress, ...insecure })),
  'tls.connect over a socket': async (t) => {
    const socket = net.connect(await tlsPort(t));
    const secure = owned(t, tls.connect({ socket, ...insecure }));
    await once(secure, 'secureConnect');
    return secure;
  },
  'http, with a pooled socket': async (t) => {
    const agent = new http.Agent({ keepAlive: true, keepAliveMsecs: 3_000 });
    t.teardown(() => agent.destroy());
    const options = { agent, port: await httpPort(t, false) };
    for (const round of [1, 2]) {
      const [response] = (await once(http.get(options), 'response')) as [http.IncomingMessage];
      if (round === 2) return response.socket;
      await once(response.resume(), 'close');
      await new Promise(setImmediate);
      t.equal(Object.values(agent.freeSockets).length, 1, 'it is in the pool');
    }
    throw new Error('not reached');
  },
  https: async (t) => {
    const sent = https.get({ port: await httpPort(t, true), agent: false, ...insecure });
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
    return response.socket;
  },
  http2: async (t) => {
    const session = http2.connect(`http://localhost:${await listening(t, http2.createServer())}`);
    t.teardown(() => session.destroy());
    await once(session, 'connect');
    return session.socket;
  },
  'http2 over TLS': async (t) => {
    const port = await listening(t, http2.createSecureServer(certificate));
    const session = http2.connect(`https://localhost:${port}`, insecure);
    t.teardown(() => session.destroy());
    await once(session, 'connect');
    return session.socket;
  },
  fetch: async (t) => {
    const port = await httpPort(t, false);
    const [socket] = await connectedByUndici(async () => (await fetch(`http://localhost:${port}`)).text());
    return socket!;
  },
  'undici over TLS': async (t) => {
    const dispatcher = new Agent({ connect: insecure });
    t.teardown(() => dispatcher.destroy());
    const port = await httpPort(t, true);
    const [socket] = await connectedByUndici(async () => {
      const { body } = await request(`https://localhost:${port}`, { dispatcher });
      await body.text();
    });
    return socket!;
  },
};

for (const [name, way] of Object.entries(ways)) {
  void t.test(name, async (t) => {
    const process = tuned(t);
    const socket = await way(t);
    t.strictSame(held(socket), heldBy(profile));
    if (!name.startsWith('http2')) socket.setKeepAlive(true, 2_000).setKeepAlive(false);
    t.strictSame(held(socket), heldBy(profile), 'setKeepAlive is ignored');
    t.ok(process.snapshot().connections >= 1);
    t.equal(process.snapshot().refused, 0);
  });
}

void t.test('fetch over TLS', async (t) => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.teardown(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
  tuned(t);
  const port = await httpPort(t, true);
  const [socket] = await connectedByUndici(async () => (await fetch(`https://localhost:${port}`)).text());
  t.strictSame(held(socket!), heldBy(profile));
});

void t.test('the profile is there before the first "connect" listener', async (t) => {
  tuned(t);
  const port = await netPort(t);
  for (const socket of [net.connect(port), tls.connect({ port, ...insecure })]) {
    let seen: number[] = [];
    socket.prependListener('connect', () => (seen = held(socket)));
    await connected(t, socket);
    t.strictSame(seen, heldBy(profile));
  }
});

void t.test('a rule gets the target of the connection, and decides', async (t) => {
  const targets: ConnectionTarget[] = [];
  const connections = (target: ConnectionTarget): KeepaliveProfile | undefined => {
    targets.push(target);
    return target.host === 'two.example' ? profile : target.localAddress === undefined ? undefined : other;
  };
  const process = tuned(t, { connections });
  const port = await netPort(t);
  const securePort = await tlsPort(t);
  const sockets = [
    await connected(t, net.connect({ port, ...secondAddress })),
    await connected(t, tls.connect({ port: securePort, ...secondAddress, ...insecure })),
    await connected(t, net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.5' })),
    await connected(t, net.connect({ port, host: '127.0.0.1' })),
  ];
  const address = '127.0.0.1';
  t.strictSame(targets, [
    { host: 'two.example', port, address, localAddress: undefined },
    { host: 'two.example', port: securePort, address, localAddress: undefined },
    { host: address, port, address, localAddress: '127.0.0.5' },
    { host: address, port, address, localAddress: undefined },
  ]);
  t.strictSame(sockets.map(held), [profile, profile, other].map(heldBy).concat([[0, 7_200, 75, 9, 0]]));
  sockets[3]!.setKeepAlive(true, 2_000);
  t.strictSame(held(sockets[3]!), [1, 2, 1, 10, 0], 'one that the rule leaves alone is its driver’s');
  t.strictSame(process.snapshot(), { servers: 0, connections: 3, refused: 0 });
});

void t.test('a rule that fails leaves the connection as it was and goes to onError', async (t) => {
  const port = await netPort(t);
  const errors: [string | undefined, unknown][] = [];
  const bad: unknown[] = ['a profile', null, { initialDelay: 30, interval: 5, count: 3 }, Promise.resolve(profile)];
  let next: () => unknown = () => {
    throw new Error('the rule');
  };
  const process = tuned(t, {
    connections: () => next() as KeepaliveProfile,
    onError: (error, target) => errors.push([(error as NodeJS.ErrnoException).code ?? error.message, target]),
  });
  for (const result of [undefined, ...bad]) {
    if (result !== undefined) next = () => result;
    const socket = await connected(t, net.connect(port, '127.0.0.1'));
    t.strictSame(held(socket), [0, 7_200, 75, 9, 0]);
    socket.setKeepAlive(true, 2_000);
    t.strictSame(held(socket), [1, 2, 1, 10, 0]);
  }
  t.strictSame(
    errors.map(([code]) => code),
    ['the rule', 'ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_TYPE', 'ERR_KEEPALIVE_PROFILE', 'ERR_KEEPALIVE_PROFILE'],
  );
  for (const [, target] of errors) t.match(target, { host: '127.0.0.1', port });
  t.strictSame(process.snapshot(), { servers: 0, connections: 0, refused: 5 });
});

void t.test('without onError: one warning', async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  tuned(t, {
    connections: () => {
      throw new DOMException('the rule', 'AbortError'); // its code is a number
    },
  });
  const port = await netPort(t);
  for (let i = 0; i < 3; i += 1) await connected(t, net.connect(port));
  t.equal(warnings.length, 1);
  t.match(warnings[0], { name: 'KeepaliveWarning', code: 'ERR_KEEPALIVE', message: /the rule/ });
});

void t.test('an onError that throws is an uncaught exception, and the socket connects', async (t) => {
  const thrown = caught(t);
  tuned(t, {
    connections: () => {
      throw new Error('the rule');
    },
    onError: (error) => {
      throw error;
    },
  });
  await connected(t, net.connect(await netPort(t)));
  await new Promise(setImmediate);
  t.strictSame(thrown, ['the rule']);
});

void t.test('an onError that throws during the call ends it: nothing is tuned', async (t) => {
  const server = net.createServer();
  const port = await listening(t, server);
  const options = {
    connections: profile,
    servers: () => {
      throw new Error('the rule');
    },
    onError: (error: Error) => {
      throw error;
    },
  };
  t.throws(() => applyKeepaliveToProcess(options), { message: 'the rule' });
  const socket = await connected(t, net.connect(port, '127.0.0.1'));
  t.strictSame(held(socket), [0, 7_200, 75, 9, 0]);
});

void t.test('a rule can throw anything', async (t) => {
  const errors: Error[] = [];
  tuned(t, {
    connections: () => {
      throw 'text'; // eslint-disable-line @typescript-eslint/only-throw-error -- as somebody's rule may
    },
    onError: (error) => errors.push(error),
  });
  await connected(t, net.connect(await netPort(t)));
  t.match(errors, [{ message: /text/, cause: 'text' }]);
});

void t.test('a call for one socket has the last word', async (t) => {
  tuned(t);
  const port = await netPort(t);
  const early = net.connect(port);
  applyKeepalive(early, other);
  const late = await connected(t, net.connect(port));
  applyKeepalive(late, other);
  const off = await connected(t, net.connect(port));
  disableKeepalive(off);
  await new Promise(setImmediate);
  for (const socket of [owned(t, early), late, off]) {
    const before = held(socket);
    t.equal(String(before), String(socket === off ? [0, ...heldBy(profile).slice(1, 4), 0] : heldBy(other)));
    socket.setKeepAlive(true, 2_000);
    t.strictSame(held(socket), before);
  }
});

void t.test('Unix sockets are left alone, and failed connections are not counted', async (t) => {
  const process = tuned(t, { connections: profile, servers: profile });
  const { client } = await unixPair(t);
  t.ok(fdOf(client) >= 0);
  const refused = net.connect(1, '127.0.0.1');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNREFUSED');
  t.strictSame(process.snapshot(), { servers: 0, connections: 0, refused: 0 });
});

void t.test(
  'a second call replaces the first, also from another copy of the package; after stop() connections are left alone',
  async (t) => {
    const port = await netPort(t);
    const { _handle: handle } = (await connected(t, net.connect(port))) as unknown as { _handle: object };
    const handles = Object.getPrototypeOf(handle) as Record<string, unknown>;
    const names = ['connect', 'connect6', 'setKeepAlive'];
    const before = names.map((name) => handles[name]);
    const holds = async () => held(await connected(t, net.connect(port)));
    const first = applyKeepaliveToProcess({ connections: profile });
    const kept = await connected(t, net.connect(port));
    const second = secondCopy().applyKeepaliveToProcess({ connections: other });
    t.strictSame(await holds(), heldBy(other));
    kept.setKeepAlive(true, 2_000);
    t.strictSame(held(kept), heldBy(profile), 'those from before keep their profile');
    first.stop();
    t.strictSame(await holds(), heldBy(other), 'a stop() that comes too late');
    t.equal(first.snapshot().connections, 1);
    const third = applyKeepaliveToProcess({ connections: profile });
    t.strictSame(await holds(), heldBy(profile));
    second.stop();
    t.strictSame(await holds(), heldBy(profile));
    third[Symbol.dispose]();
    t.strictSame(await holds(), [0, 7_200, 75, 9, 0]);
    kept.setKeepAlive(true, 4_000);
    t.strictSame(held(kept), [1, 4, 1, 10, profile.userTimeout], 'drivers are heard again');
    names.forEach((name, index) => t.equal(handles[name], before[index], `${name} is Node’s own`));
  },
);

void t.test('nothing shows on a socket', async (t) => {
  const see = async () => {
    const { client, accepted, server } = await tcpPair(t);
    const secure = await connected(t, tls.connect({ port: await tlsPort(t), ...insecure }));
    return [client, accepted, server, secure].map((emitter) => ({
      properties: Reflect.ownKeys(emitter).map(String),
      listeners: emitter.eventNames().map((event) => [String(event), emitter.listenerCount(event)]),
    }));
  };
  const before = await see();
  tuned(t, { connections: profile, servers: profile });
  t.strictSame(await see(), before);
});

void t.test('bad arguments change nothing', async (t) => {
  const process = tuned(t);
  const wrong: [unknown, { code: string; message?: RegExp; field?: string }][] = [
    [undefined, { code: 'ERR_INVALID_ARG_TYPE' }],
    [{ connections: 'presence' }, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.connections/ }],
    [{ servers: 30 }, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.servers/ }],
    [{ servers: { ...profile, count: 0 } }, { code: 'ERR_KEEPALIVE_PROFILE', field: 'count' }],
    [{ server: profile }, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.server.*servers/ }],
    [{ onError: 'console.error' }, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.onError/ }],
  ];
  for (const [options, error] of wrong) {
    t.throws(() => applyKeepaliveToProcess(options as ProcessKeepaliveOptions), error);
  }
  await connected(t, net.connect(await netPort(t)));
  t.equal(process.snapshot().connections, 1, 'the rule from before is still there');
});
