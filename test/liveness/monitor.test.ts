import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type Socket } from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import {
  LivenessMonitor,
  applyKeepaliveToAll,
  lastHeard,
  profiles,
  readKeepalive,
  type LivenessEvents,
  type LivenessOptions,
} from 'tcp-keepalive';
import { poll } from '../support/poll';
import { listening, owned, tcpPair, tlsPair, unixPair, unixPath } from '../support/sockets';
import { caught } from '../support/uncaught';

const linux = process.platform !== 'linux' && 'Linux tells when a peer was heard';
const quick = { silentAfter: 300, checkEvery: 20 };
const never = { silentAfter: 0x7fffffff, checkEvery: 20 };
const deadline = 10_000;

function monitorOf(t: Test, options: LivenessOptions): LivenessMonitor {
  const monitor = new LivenessMonitor(options);
  t.teardown(() => monitor.stop());
  return monitor;
}

async function next<K extends keyof LivenessEvents>(monitor: LivenessMonitor, event: K): Promise<LivenessEvents[K]> {
  return (await once(monitor, event, { signal: AbortSignal.timeout(deadline) })) as LivenessEvents[K];
}

function recorded(monitor: LivenessMonitor): unknown[][] {
  const events: unknown[][] = [];
  for (const event of ['silent', 'heard', 'gone'] as const) {
    monitor.on(event, (socket: Socket, detail?: unknown) => events.push([event, socket, detail]));
  }
  return events;
}

void t.test('silent, heard, silent again, gone: each once', { skip: linux }, async (t) => {
  const { client, accepted } = await tcpPair(t);
  const monitor = monitorOf(t, quick);
  const events = recorded(monitor);
  monitor.watch(accepted);
  monitor.watch(accepted);
  t.match(monitor.snapshot(), { connections: 1, silent: 0, unknown: 1 });

  const [socket, milliseconds] = await next(monitor, 'silent');
  t.equal(socket, accepted);
  t.ok(milliseconds >= quick.silentAfter, `${milliseconds} ms`);
  t.match(monitor.snapshot(), { connections: 1, silent: 1, unknown: 0 });

  accepted.resume();
  client.write('x');
  t.strictSame(await next(monitor, 'heard'), [accepted]);
  t.equal(monitor.snapshot().silent, 0);
  await next(monitor, 'silent');

  client.end();
  t.strictSame(await next(monitor, 'gone'), [accepted, 'closed']);
  t.match(monitor.snapshot(), { connections: 0, silent: 0, unknown: 0, gone: { closed: 1, 'timed-out': 0 } });
  t.strictSame(
    events.map(([event]) => event),
    ['silent', 'heard', 'silent', 'gone'],
  );
});

void t.test('the histogram holds each socket that was looked at once', { skip: linux }, async (t) => {
  const first = await tcpPair(t);
  const second = await tcpPair(t);
  const monitor = monitorOf(t, quick);
  const sockets = [first.client, first.accepted, second.client, second.accepted];
  for (const socket of sockets) monitor.watch(socket);
  const connecting = owned(t, new net.Socket());
  monitor.watch(connecting);
  const inFirst = () => monitor.snapshot().lastHeard.counts[0];
  t.equal(inFirst(), 0);
  while (monitor.snapshot().unknown > 1) await new Promise((resolve) => setTimeout(resolve, quick.checkEvery));
  t.equal(inFirst(), 4);

  const { bounds, counts } = monitor.snapshot().lastHeard;
  t.equal(counts.length, bounds.length + 1);
  t.strictSame(
    [...bounds].sort((a, b) => a - b),
    bounds,
  );
  t.strictSame(JSON.parse(JSON.stringify(monitor.snapshot())), monitor.snapshot(), 'JSON-safe');

  const until = Date.now() + deadline;
  while (inFirst() !== 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, quick.checkEvery));
  t.strictSame(monitor.snapshot().lastHeard.counts.slice(0, 2), [0, 4], 'after a second of silence');
  monitor.unwatch(first.client);
  t.strictSame(monitor.snapshot().lastHeard.counts.slice(0, 2), [0, 3]);
  monitor.stop();
  t.match(monitor.snapshot(), { connections: 0, silent: 0, unknown: 0, lastHeard: { counts: counts.map(() => 0) } });
});

void t.test('what is forgotten is not reported, and nothing is left on the socket', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const monitor = monitorOf(t, never);
  const events = recorded(monitor);
  const before = accepted.listenerCount('close');
  monitor.watch(accepted);
  monitor.unwatch(accepted);
  monitor.unwatch(client);
  monitor.watch(client);
  monitor[Symbol.dispose]();
  t.equal(accepted.listenerCount('close'), before);
  const closed = Promise.all([once(accepted, 'close'), once(client, 'close')]);
  accepted.destroy();
  client.destroy();
  await closed;
  monitor.watch(client);
  monitor.unwatch(client);
  await new Promise(setImmediate);
  t.strictSame(events, []);
  t.equal(monitor.snapshot().gone.closed, 0);
});

void t.test('closed before it was watched: gone all the same, and not before the caller can listen', async (t) => {
  for (const wait of [false, true]) {
    const { client } = await tcpPair(t);
    const closed = once(client, 'close');
    client.destroy();
    if (wait) await closed;
    const monitor = monitorOf(t, never);
    monitor.watch(client);
    t.strictSame(await next(monitor, 'gone'), [client, 'closed']);
  }
  const failed = owned(t, net.connect(1, '127.0.0.1'));
  const monitor = monitorOf(t, never);
  monitor.watch(failed);
  t.strictSame(await next(monitor, 'gone'), [failed, 'other'], 'refused');
  monitor.watch(failed);
  t.strictSame(await next(monitor, 'gone'), [failed, 'other']);
  t.equal(monitor.snapshot().gone.other, 2);
});

void t.test('destroyed and watched again before its close: that is still watching once', async (t) => {
  const { client } = await tcpPair(t);
  const monitor = monitorOf(t, never);
  const events = recorded(monitor);
  monitor.watch(client);
  const closed = once(client, 'close');
  client.destroy();
  monitor.watch(client);
  await closed;
  await new Promise(setImmediate);
  t.strictSame(events, [['gone', client, 'closed']]);
});

void t.test('a reset', async (t) => {
  const { client, accepted } = await tcpPair(t);
  const monitor = monitorOf(t, never);
  monitor.watch(accepted);
  accepted.resume();
  client.resetAndDestroy();
  t.strictSame(await next(monitor, 'gone'), [accepted, 'reset']);
});

void t.test('TLS', async (t) => {
  const { client, accepted } = await tlsPair(t);
  const monitor = monitorOf(t, never);
  monitor.watch(accepted);
  monitor.watch(client);
  accepted.destroy();
  t.strictSame(await next(monitor, 'gone'), [accepted, 'closed']);
});

void t.test('what http2 hands out as a socket', async (t) => {
  const server = http2.createServer();
  const port = await listening(t, server);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const [accepted] = (await once(server, 'session')) as [http2.ServerHttp2Session];
  const shown = accepted.socket;
  const monitor = monitorOf(t, quick);
  const events = recorded(monitor);
  monitor.watch(shown);
  monitor.watch(shown);
  t.equal(monitor.snapshot().connections, 1);
  if (process.platform === 'linux') t.equal((await next(monitor, 'silent'))[0], shown);
  const gone = next(monitor, 'gone');
  session.destroy();
  t.equal((await gone)[0], shown);
  monitor.watch(shown);
  t.equal((await next(monitor, 'gone'))[0], shown, 'ended already');
  t.equal(events.filter(([event]) => event === 'gone').length, 2);

  const other = http2.connect(`http://127.0.0.1:${port}`);
  const [forgotten] = (await once(server, 'session')) as [http2.ServerHttp2Session];
  const ended = forgotten.socket;
  monitor.watch(ended);
  const closed = once(forgotten, 'close');
  forgotten.destroy();
  monitor.unwatch(ended);
  await closed;
  other.destroy();
  t.equal(monitor.snapshot().connections, 0);
  t.equal(events.filter(([event]) => event === 'gone').length, 2);
});

void t.test('what http2 handed out, watched again between its end and its close, among others', async (t) => {
  const server = http2.createServer();
  const session = http2.connect(`http://127.0.0.1:${await listening(t, server)}`).on('error', () => undefined);
  t.teardown(() => session.destroy());
  const [accepted] = (await once(server, 'session')) as [http2.ServerHttp2Session];
  const { accepted: other } = await tcpPair(t);
  const { accepted: later } = await tcpPair(t);
  const shown = accepted.socket;
  const monitor = monitorOf(t, never);
  const events = recorded(monitor);
  monitor.watch(other);
  monitor.watch(later);
  monitor.watch(shown);
  const gone = next(monitor, 'gone');
  accepted.destroy();
  monitor.watch(shown);
  t.equal(monitor.snapshot().connections, 3);
  await gone;
  const laterGone = next(monitor, 'gone');
  later.destroy();
  await laterGone;
  monitor.watch(shown);
  await next(monitor, 'gone');
  const reported = events.filter(([event]) => event === 'gone').map(([, socket]) => socket === shown);
  t.strictSame(reported, [true, false, true], 'once for its end, and once for the call after it');
});

void t.test('a socket that was sent to another process is gone from this one', { skip: linux }, async (t) => {
  const { fork } = await import('node:child_process');
  const { accepted } = await tcpPair(t);
  const monitor = monitorOf(t, never);
  monitor.watch(accepted);
  const child = fork('-e', ["process.on('message', () => process.disconnect())"], {
    execArgv: [],
    execPath: process.execPath,
  });
  t.teardown(() => child.kill());
  const gone = next(monitor, 'gone');
  child.send('socket', accepted);
  t.strictSame(await gone, [accepted, 'closed']);
});

void t.test('published on diagnostics channels', { skip: linux }, async (t) => {
  const { client, accepted } = await tcpPair(t);
  const monitor = monitorOf(t, quick);
  const published: [string, object][] = [];
  for (const name of ['silent', 'heard', 'gone', 'snapshot']) {
    const listener = (message: unknown) => published.push([name, message as object]);
    subscribe(`tcp-keepalive:${name}`, listener);
    t.teardown(() => unsubscribe(`tcp-keepalive:${name}`, listener));
  }
  monitor.watch(accepted);
  await next(monitor, 'silent');
  accepted.resume();
  client.write('x');
  await next(monitor, 'heard');
  client.end();
  await next(monitor, 'gone');
  const found = (name: string) => published.find(([each]) => each === name)![1];
  t.match(found('silent'), { monitor, socket: accepted, milliseconds: Number });
  t.strictSame(found('heard'), { monitor, socket: accepted });
  t.strictSame(found('gone'), { monitor, socket: accepted, reason: 'closed' });
  const last = published.at(-1)!;
  t.match(last, ['snapshot', { snapshot: { connections: 0, gone: { closed: 1 } } }], 'and one when nothing is left');
  t.match(found('snapshot'), { monitor, snapshot: { connections: 1, silent: Number, gone: { closed: 0 } } });
});

void t.test('a listener that throws stops nothing', { skip: linux }, async (t) => {
  const pairs = await Promise.all([tcpPair(t), tcpPair(t), tcpPair(t)]);
  const sockets = pairs.flatMap(({ client, accepted }) => [client, accepted]);
  const monitor = monitorOf(t, quick);
  const thrown = caught(t);
  const silent = new Set<Socket>();
  const all = new Promise<void>((resolve, reject) => {
    setTimeout(reject, deadline, new Error('some were not reported')).unref();
    monitor.on('silent', (socket) => {
      silent.add(socket);
      if (silent.size === sockets.length) resolve();
      throw new Error(`thrown for ${silent.size}`);
    });
  });
  for (const socket of sockets) monitor.watch(socket);
  await all;
  await new Promise(setImmediate);
  t.equal(thrown.length, sockets.length);
  t.equal(monitor.snapshot().silent, sockets.length);
});

void t.test('what a listener forgets or closes meanwhile is not reported silent', { skip: linux }, async (t) => {
  const pairs = await Promise.all(Array.from({ length: 50 }, () => tcpPair(t))); // more than one batch
  const sockets = pairs.flatMap(({ client, accepted }) => [client, accepted]);
  const monitor = monitorOf(t, quick);
  const events = recorded(monitor);
  monitor.once('silent', () => {
    for (const socket of sockets.slice(1)) monitor.unwatch(socket);
  });
  // All of them: so the first is reported while the others have not been looked at.
  await poll('silence', () => sockets.every((socket) => lastHeard(socket)! > quick.silentAfter));
  for (const socket of sockets) monitor.watch(socket);
  await next(monitor, 'silent');
  await new Promise((resolve) => setTimeout(resolve, 5 * quick.checkEvery));
  t.strictSame(events.length, 1);
  t.match(events, [['silent', sockets[0]]]);
});

void t.test('a round of many slices', { skip: linux }, async (t) => {
  const pairs = await Promise.all(Array.from({ length: 1_000 }, () => tcpPair(t)));
  // Looked at one after the other they take longer than this: a round is finished before the next begins.
  const monitor = monitorOf(t, { silentAfter: 1, checkEvery: 1 });
  const thrown = caught(t);
  let reported = 0;
  const atTurns: number[] = [];
  const countTurns = () => {
    atTurns.push(reported);
    if (reported < 2_000) setTimeout(countTurns, 1);
  };
  monitor.once('silent', countTurns);
  monitor.on('silent', () => {
    for (const start = performance.now(); performance.now() - start < 0.02;);
    reported += 1;
    if (reported === 1_500) throw new Error('in a later slice');
  });
  for (const { client, accepted } of pairs) {
    monitor.watch(client);
    monitor.watch(accepted);
  }
  const until = Date.now() + deadline;
  while (reported < 2_000 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(reported, 2_000, 'every socket had its turn');
  t.equal(monitor.snapshot().silent, 2_000);
  t.ok(atTurns.length > 5, `and timers had theirs, after ${atTurns.slice(0, 5).join(', ')}, ...`);
  t.equal(thrown.length, 1);
});

void t.test('by itself, with nothing else that turns the event loop', { skip: linux }, async (t) => {
  const pairs = await Promise.all(Array.from({ length: 1_000 }, () => tcpPair(t)));
  const monitor = monitorOf(t, { silentAfter: 1, checkEvery: 1_000 });
  for (const { client, accepted } of pairs) {
    monitor.watch(client);
    monitor.watch(accepted);
  }
  await next(monitor, 'silent');
  // Slices take no more than a few hundred sockets, and there is one round in a second.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  t.equal(monitor.snapshot().silent, 2_000);
});

void t.test('what is watched again by a listener has its turn in the next round', { skip: linux }, async (t) => {
  const pairs = await Promise.all(Array.from({ length: 50 }, () => tcpPair(t)));
  const monitor = monitorOf(t, { silentAfter: 1, checkEvery: 200 });
  let reported = 0;
  monitor.on('silent', (socket) => {
    reported += 1;
    monitor.unwatch(socket);
    monitor.watch(socket);
  });
  for (const { client, accepted } of pairs) {
    monitor.watch(client);
    monitor.watch(accepted);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.ok(reported >= 100 && reported <= 600, `${reported} in five rounds of a hundred`);
});

void t.test('watched again between its end and its close: gone once', async (t) => {
  const { client } = await tcpPair(t);
  const monitor = monitorOf(t, never);
  const events = recorded(monitor);
  monitor.watch(client);
  client.destroy();
  monitor.watch(client);
  await next(monitor, 'gone');
  await new Promise(setImmediate);
  t.equal(events.length, 1);
});

void t.test('watching a closed socket again and again starves nobody', async (t) => {
  const { client } = await tcpPair(t);
  const monitor = monitorOf(t, never);
  monitor.on('gone', (socket) => monitor.watch(socket));
  monitor.watch(client);
  client.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  monitor.stop();
  t.ok(monitor.snapshot().gone.closed > 2);
});

void t.test('a socket that lost its listeners is found gone', { skip: linux }, async (t) => {
  const { client } = await tcpPair(t);
  const monitor = monitorOf(t, quick);
  monitor.watch(client);
  client.removeAllListeners();
  client.destroy();
  t.strictSame(await next(monitor, 'gone'), [client, 'closed']);
  t.equal(monitor.snapshot().connections, 0);
});

void t.test('what the kernel does not answer stays unknown', { skip: linux }, async (t) => {
  const socket = owned(t, new net.Socket());
  const monitor = monitorOf(t, quick);
  monitor.watch(socket);
  const server = net.createServer();
  const path = unixPath(t);
  owned(t, server).listen(path);
  await once(server, 'listening');
  socket.connect(path);
  await once(socket, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 5 * quick.checkEvery));
  t.match(monitor.snapshot(), { connections: 1, silent: 0, unknown: 1 });
});

void t.test('listeners run in the context that made the monitor', async (t) => {
  const requests = new AsyncLocalStorage<string>();
  const inRequest = <Result>(act: () => Result) => requests.run('a request', act);
  const monitor = requests.run('the server', () => monitorOf(t, { ...quick, destroyAfter: 600 }));
  const seen: unknown[] = [];
  for (const event of ['silent', 'heard', 'gone'] as const) {
    monitor.on(event, () => seen.push([event, requests.getStore()]));
  }
  const happened = (event: string, times = 1) =>
    poll(event, () => seen.filter((each) => (each as string[])[0] === event).length === times);

  const { client, accepted } = await tcpPair(t);
  inRequest(() => monitor.watch(accepted.resume()));
  if (!linux) {
    await happened('silent');
    inRequest(() => client.write('x'));
    await happened('heard');
  }
  inRequest(() => accepted.destroy());
  await happened('gone');
  inRequest(() => monitor.watch(accepted)); // closed already
  await happened('gone', 2);
  if (!linux) {
    const { accepted: destroyed } = await tcpPair(t);
    inRequest(() => monitor.watch(destroyed));
    await happened('gone', 3);
  }
  t.ok(seen.length >= 2);
  t.ok(
    seen.every((each) => (each as string[])[1] === 'the server'),
    JSON.stringify(seen),
  );
});

void t.test('what http2 handed out and has ended is no raw error, whatever it was', async (t) => {
  const server = http2.createServer((_, response) => response.end());
  const client = http2.connect(`http://127.0.0.1:${await listening(t, server)}`).on('error', () => undefined);
  t.teardown(() => client.destroy());
  client.request().resume();
  const [session] = (await once(server, 'session')) as [http2.ServerHttp2Session];
  const [request] = (await once(server, 'request')) as [http2.Http2ServerRequest];
  const handedOut = [session.socket, request.socket, client.socket];
  const monitor = monitorOf(t, never);
  const events = recorded(monitor);
  for (const socket of handedOut) monitor.watch(socket);
  t.equal(monitor.snapshot().connections, 2, 'two of them are one');
  session.destroy();
  client.destroy();
  for (const socket of handedOut) {
    t.doesNotThrow(() => monitor.watch(socket));
    t.doesNotThrow(() => monitor.unwatch(socket));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const socket of handedOut) {
    t.doesNotThrow(() => monitor.watch(socket));
    t.doesNotThrow(() => monitor.unwatch(socket));
  }
  await new Promise(setImmediate);
  t.equal(monitor.snapshot().connections, 0);
  t.strictSame(events, [], 'all were forgotten');
});

void t.test('holds no process open', async (t) => {
  const program = `
    const net = require('node:net');
    const { LivenessMonitor } = require(${JSON.stringify(path.join(__dirname, '..', '..'))});
    const monitor = new LivenessMonitor({ silentAfter: 1, checkEvery: 1 });
    const server = net.createServer((socket) => {
      monitor.watch(socket.unref());
      monitor.once('silent', () => { server.close(); client.unref(); console.log('silent'); });
    }).listen(0, '127.0.0.1', () => { client = net.connect(server.address().port, '127.0.0.1'); });
    let client;
  `;
  const { stdout, status } = spawnSync(process.execPath, ['-e', process.platform === 'linux' ? program : ''], {
    timeout: deadline,
    encoding: 'utf8',
  });
  t.equal(status, 0);
  if (process.platform === 'linux') t.equal(stdout.trim(), 'silent');
});

void t.test('wrong arguments', async (t) => {
  const { client: unix } = await unixPair(t);
  const monitor = monitorOf(t, never);
  t.throws(() => monitor.watch(unix), { code: 'ERR_KEEPALIVE_NOT_TCP' });
  t.throws(() => monitor.watch({} as never), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => monitor.unwatch(1 as never), { code: 'ERR_INVALID_ARG_TYPE' });
  for (const options of [undefined, null, 'x']) {
    t.throws(() => new LivenessMonitor(options as never), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const field of ['silentAfter', 'checkEvery'] as const) {
    t.throws(() => new LivenessMonitor({ ...quick, [field]: '1' as never }), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const value of [0, -1, Number.NaN, Infinity, 0x80000000]) {
      const error = { code: 'ERR_OUT_OF_RANGE', message: new RegExp(`options\\.${field}.*${value}`) };
      t.throws(() => new LivenessMonitor({ ...quick, [field]: value }), error);
    }
  }
});

void t.test('its sockets: as they were given, until they are gone', async (t) => {
  const monitor = monitorOf(t, never);
  t.strictSame([...monitor], []);
  const [one, two] = [await tcpPair(t), await tcpPair(t)];
  const server = http2.createServer();
  const session = once(server, 'session');
  const client = http2.connect(`http://127.0.0.1:${await listening(t, server)}`);
  t.teardown(() => client.destroy());
  const [{ socket: proxy }] = (await session) as [http2.ServerHttp2Session];
  const watched = [one.accepted, two.client, proxy];
  for (const socket of watched) monitor.watch(socket);
  t.equal([...monitor].length, watched.length);
  for (const [index, socket] of [...monitor].entries()) t.equal(socket, watched[index]);

  t.match(await applyKeepaliveToAll(monitor, profiles.mobileNat), { applied: 3, skipped: 0, failed: [] });
  for (const socket of monitor) t.match(readKeepalive(socket), { enabled: true, initialDelay: 240_000, count: 3 });
  t.equal(readKeepalive(two.accepted).enabled, false, 'one that is not watched');

  monitor.unwatch(two.client);
  one.client.destroy();
  one.accepted.resume();
  await next(monitor, 'gone');
  t.equal([...monitor].length, 1);
});
