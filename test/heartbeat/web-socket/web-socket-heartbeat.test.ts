// Against the real `ws`, on real connections.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { applyKeepalive } from 'tcp-keepalive';
import { WebSocketHeartbeat, type HeartbeatClient, type WebSocketHeartbeatOptions } from 'tcp-keepalive/heartbeat';
import type { WebSocket, WebSocketServer } from 'ws';
import { within } from '../../../examples/lib/deadline.js';
import { collectGarbage, heapInUse } from '../../support/garbage';
import { endedHttp2Sockets } from '../../support/http2-sockets';
import { poll } from '../../support/poll';
import { spin } from '../../support/spin';
import { frameHead, open, openRaw, socketOf, webSocketServer } from '../../support/web-sockets';
import { caught } from '../../support/uncaught';

const interval = 400;
const timeout = 300;
/** These machines are shared. */
const slow = 10_000;

interface Gone {
  readonly client: WebSocket;
  readonly silentFor: number;
}

function heartbeat(t: Test, server: WebSocketServer, options: Partial<WebSocketHeartbeatOptions> = {}) {
  const beat = new WebSocketHeartbeat(server, { interval, timeout, ...options });
  t.teardown(() => beat.stop());
  const gone: Gone[] = [];
  beat.on('gone', (client, silentFor) => gone.push({ client, silentFor }));
  return { beat, gone };
}

/** When frames of a kind came, by `performance.now()`. */
function times(client: WebSocket, event: 'ping' | 'pong'): number[] {
  const seen: number[] = [];
  client.on(event, () => seen.push(performance.now()));
  return seen;
}

void t.test('a silent client is pinged once in an interval, and survives because it answers', async (t) => {
  const server = await webSocketServer(t);
  const { client, accepted } = await open(t, server);
  const pings = times(client, 'ping');
  const { beat, gone } = heartbeat(t, server);
  await poll('six pings', () => pings.length >= 6);
  const took = pings.at(-1)! - pings[0]!;
  t.ok(took > 4.5 * interval, `five intervals took ${took} ms`);
  await poll('the answer', () => beat.snapshot().waiting === 0);
  t.equal(accepted.readyState, accepted.OPEN);
  t.strictSame(gone, []);
  t.strictSame(beat.snapshot(), {
    clients: 1,
    waiting: 0,
    pingsSent: pings.length,
    pingsSaved: 0,
    pingsWithheld: 0,
    gone: 0,
  });
});

for (const [name, speak] of Object.entries({
  message: (client: WebSocket) => client.send('hello'),
  ping: (client: WebSocket) => client.ping(),
  'pong that nobody asked for': (client: WebSocket) => client.pong(),
})) {
  void t.test(`a client that is heard is not pinged: ${name}`, async (t) => {
    const server = await webSocketServer(t);
    const { client } = await open(t, server);
    const pings = times(client, 'ping');
    const { beat } = heartbeat(t, server, { interval: 1_000 });
    const speaking = setInterval(() => speak(client), 100);
    t.teardown(() => clearInterval(speaking));
    await poll('pings saved', () => beat.snapshot().pingsSaved >= 3);
    t.equal(beat.snapshot().pingsSent, pings.length);
    t.ok(pings.length <= 1, 'none but perhaps one before it was heard');
    clearInterval(speaking);
    const silent = performance.now();
    await poll('a ping', () => pings.length >= 2 || (pings.length === 1 && pings[0]! > silent));
    t.ok(pings.at(-1)! - silent > 700, `pinged after ${pings.at(-1)! - silent} ms of silence`);
  });
}

void t.test('a slow answer does not put off the next ping', async (t) => {
  const server = await webSocketServer(t);
  const { client } = await open(t, server, { autoPong: false });
  const pings = times(client, 'ping');
  client.on('ping', () => void setTimeout(() => client.pong(), 1_000));
  heartbeat(t, server, { interval: 1_500, timeout: slow });
  await poll('four pings', () => pings.length >= 4);
  const took = pings[3]! - pings[0]!;
  t.ok(took < 3 * 1_500 + 1_500, `three intervals took ${took} ms`);
});

void t.test('a client that does not answer is terminated, and reported once', async (t) => {
  const server = await webSocketServer(t);
  const { accepted } = await open(t, server, { autoPong: false });
  const { accepted: other } = await open(t, server);
  const closed = once(accepted, 'close');
  const since = performance.now();
  const { beat, gone } = heartbeat(t, server);
  const [code] = (await within(slow, 'close', closed)) as [number];
  t.equal(code, 1006);
  await delay(2 * interval);
  t.equal(gone.length, 1);
  t.equal(gone[0]!.client, accepted);
  const { silentFor } = gone[0]!;
  t.ok(silentFor >= timeout && silentFor <= performance.now() - since, `silent for ${silentFor} ms`);
  t.equal(other.readyState, other.OPEN);
  t.match(beat.snapshot(), { clients: 1, gone: 1 });
});

void t.test('silence counts from the last sign of life', async (t) => {
  const server = await webSocketServer(t);
  const { client, accepted } = await open(t, server, { autoPong: false });
  const { gone } = heartbeat(t, server, { timeout: interval });
  const heard = once(accepted, 'message');
  client.send('hello');
  await heard;
  const at = performance.now();
  await poll('the end', () => gone.length === 1);
  const expected = performance.now() - at;
  t.ok(Math.abs(gone[0]!.silentFor - expected) < 100, `${gone[0]!.silentFor} of ${expected} ms`);
});

void t.test('a listener that throws does not stop the heartbeat', async (t) => {
  const server = await webSocketServer(t);
  const all = await Promise.all([1, 2, 3].map(() => open(t, server, { autoPong: false })));
  const beat = new WebSocketHeartbeat(server.clients, { interval, timeout });
  t.teardown(() => beat.stop());
  const thrown = caught(t);
  beat.on('gone', () => {
    throw new Error('a listener');
  });
  await poll('all gone', () => thrown.length === all.length);
  t.match(beat.snapshot(), { clients: 0, gone: all.length });
});

void t.test('the pings of 500 clients that connect at once are spread over the interval', async (t) => {
  const server = await webSocketServer(t);
  const count = 500;
  const spread = 5_000;
  const { beat } = heartbeat(t, server, { interval: spread, timeout: slow });
  const pinged: number[] = [];
  const opening = Array.from({ length: count }, async () => {
    const { client } = await open(t, server);
    client.on('ping', () => pinged.push(performance.now()));
  });
  await Promise.all(opening);
  const start = performance.now();
  await delay(2 * spread);
  t.equal(beat.snapshot().clients, count);
  const parts = 20;
  const counts = new Array<number>(parts).fill(0);
  for (const time of pinged) {
    const part = Math.floor(((time - start - spread) * parts) / spread);
    if (part >= 0 && part < parts) counts[part]! += 1;
  }
  t.comment(`pings in each twentieth of an interval: ${counts.join(' ')}`);
  t.ok(Math.max(...counts) <= 3 * (count / parts), `at most ${Math.max(...counts)}, the average is ${count / parts}`);
  const total = counts.reduce((sum, each) => sum + each);
  t.ok(Math.abs(total - count) < count / 20, `${total} pings in an interval`);
});

void t.test('no ping is sent while data waits, and a reader that has stopped is given up', async (t) => {
  const server = await webSocketServer(t);
  const { accepted } = await openRaw(t, server);
  accepted.send(Buffer.alloc(64 << 20));
  const buffered = accepted.bufferedAmount;
  t.ok(buffered > 0);
  const { beat, gone } = heartbeat(t, server, { timeout: 1_000 });
  await poll('a ping held back', () => beat.snapshot().pingsWithheld > 0);
  await poll('the end', () => gone.length === 1);
  t.equal(beat.snapshot().pingsSent, 0);
});

void t.test('a slow reader survives', async (t) => {
  const server = await webSocketServer(t);
  const { raw, accepted } = await openRaw(t, server);
  accepted.send(Buffer.alloc(256 << 20));
  const { beat, gone } = heartbeat(t, server, { timeout: 1_000 });
  const reading = setInterval(() => void raw.read(), 50);
  t.teardown(() => clearInterval(reading));
  await poll('a ping held back', () => beat.snapshot().pingsWithheld > 0);
  await delay(5_000);
  t.ok(accepted.bufferedAmount > 0, 'it has not caught up');
  t.strictSame(gone, []);
  clearInterval(reading);
  await poll('the end, once it reads no more', () => gone.length === 1);
});

void t.test('a slow reader that owes a pong survives, and is not pinged again', async (t) => {
  const server = await webSocketServer(t);
  const { raw, accepted } = await openRaw(t, server);
  const { beat, gone } = heartbeat(t, server, { timeout: 1_000 });
  await poll('a ping', () => beat.snapshot().pingsSent === 1);
  accepted.send(Buffer.alloc(256 << 20));
  const reading = setInterval(() => void raw.read(), 50);
  t.teardown(() => clearInterval(reading));
  await delay(5_000);
  t.ok(accepted.bufferedAmount > 0, 'it has not caught up');
  t.match(beat.snapshot(), { waiting: 1, pingsSent: 1, pingsWithheld: 0, gone: 0 });
  clearInterval(reading);
  await poll('the end, once it reads no more', () => gone.length === 1);
});

void t.test('a client that is closing is left to `ws`', async (t) => {
  const server = await webSocketServer(t);
  const { accepted } = await openRaw(t, server);
  const { beat, gone } = heartbeat(t, server);
  await poll('a ping', () => beat.snapshot().pingsSent === 1);
  accepted.close();
  await poll('its time is up', () => beat.snapshot().waiting === 0);
  t.equal(accepted.readyState, accepted.CLOSING);
  t.strictSame(gone, []);
});

void t.test('a part of a long message is a sign of life', async (t) => {
  const server = await webSocketServer(t);
  const { raw, accepted } = await openRaw(t, server);
  const { beat, gone } = heartbeat(t, server);
  raw.write(frameHead(1_000_000));
  let parts = 0;
  const sending = setInterval(() => (parts += 1) && raw.write('x'), 50);
  t.teardown(() => clearInterval(sending));
  await poll('several pings', () => beat.snapshot().pingsSent >= 5);
  t.equal(accepted.readyState, accepted.OPEN);
  clearInterval(sending);
  await poll('the end', () => gone.length === 1);
  t.ok(parts > 5);
});

void t.test('a client that the application has paused is not judged', async (t) => {
  const server = await webSocketServer(t);
  const { client, accepted } = await open(t, server);
  const { beat, gone } = heartbeat(t, server);
  accepted.pause();
  client.send(Buffer.alloc(1 << 20)); // so that its answers stay in the kernel
  await poll('a ping', () => beat.snapshot().pingsSent > 0);
  await delay(3 * (interval + timeout));
  t.strictSame(gone, []);
  accepted.resume();
  const { pingsSent } = beat.snapshot();
  await poll('the next ping', () => beat.snapshot().pingsSent > pingsSent);
  await poll('its answer', () => beat.snapshot().waiting === 0);
  t.strictSame(gone, []);
});

void t.test('after the process was held up, what arrived meanwhile is heard before anything is judged', async (t) => {
  const server = await webSocketServer(t);
  const { client } = await open(t, server);
  const { beat, gone } = heartbeat(t, server);
  await once(client, 'ping');
  // The answer is on its way, and unread for longer than the timeout.
  spin(3 * timeout);
  await poll('another ping', () => beat.snapshot().pingsSent >= 2);
  t.strictSame(gone, []);
});

void t.test(
  'after the process was held up within a round, what arrived meanwhile is heard before anything is judged',
  async (t) => {
    const server = await webSocketServer(t);
    const { client, accepted } = await open(t, server);
    // A ping that takes longer than a slice of the round: the sockets are read before the round goes on.
    const ping = accepted.ping.bind(accepted);
    accepted.ping = () => {
      ping();
      spin(5);
    };
    client.once('ping', () => spin(3 * timeout));
    const { beat, gone } = heartbeat(t, server);
    await poll('another ping', () => beat.snapshot().pingsSent >= 2);
    t.strictSame(gone, []);
  },
);

void t.test('clients that are there before, that come later, and that leave', async (t) => {
  const server = await webSocketServer(t);
  const early = await open(t, server);
  const { beat } = heartbeat(t, server);
  await poll('the first', () => beat.snapshot().clients === 1);
  const late = await open(t, server);
  await poll('the second', () => beat.snapshot().clients === 2);
  const pings = times(late.client, 'ping');
  await poll('a ping', () => pings.length > 0);
  early.client.close();
  await poll('one', () => beat.snapshot().clients === 1);
  for (const event of ['message', 'ping', 'pong', 'close'] as const)
    t.ok(late.accepted.listenerCount(event) > 0, event);
  const closing = late.accepted.listenerCount('close');
  beat.stop();
  for (const event of ['message', 'ping', 'pong'] as const) t.equal(late.accepted.listenerCount(event), 0, event);
  t.equal(late.accepted.listenerCount('close'), closing - 1);
  const { length } = pings;
  await delay(2 * interval);
  t.equal(pings.length, length, 'nobody is pinged after stop()');
  t.equal(beat.snapshot().clients, 0);
});

void t.test(
  'a Set of the user: a client that is taken out is forgotten, a closed one that stays is left alone',
  async (t) => {
    const server = await webSocketServer(t, { clientTracking: false });
    const [first, second] = await Promise.all([open(t, server), open(t, server)]);
    const own = new Set([first.accepted, second.accepted]);
    const beat = new WebSocketHeartbeat(own, { interval, timeout });
    t.teardown(() => beat.stop());
    t.teardown(() => own.forEach((each) => each.terminate()));
    await poll('both', () => beat.snapshot().clients === 2);
    own.delete(first.accepted);
    await poll('one', () => beat.snapshot().clients === 1);
    t.equal(first.accepted.listenerCount('pong'), 0);
    const closed = once(second.accepted, 'close');
    second.client.close();
    await closed;
    await delay(2 * interval);
    t.match(beat.snapshot(), { waiting: 0, gone: 0 });
    own.clear();
    await poll('none', () => beat.snapshot().clients === 0);
  },
);

void t.test('clients that have left can be collected', async (t) => {
  const server = await webSocketServer(t, { clientTracking: false });
  const own = new Set<WebSocket>();
  server.on('connection', (client) => {
    own.add(client);
    client.on('close', () => own.delete(client));
  });
  const beat = new WebSocketHeartbeat(own, { interval, timeout });
  t.teardown(() => beat.stop());
  const left: WeakRef<WebSocket>[] = [];
  await (async () => {
    const many = await Promise.all(Array.from({ length: 64 }, () => open(t, server)));
    await poll('all', () => beat.snapshot().clients === many.length);
    for (const { accepted, client } of many) {
      left.push(new WeakRef(accepted));
      client.terminate();
    }
  })();
  await poll('none', () => beat.snapshot().clients === 0);
  await poll('nothing', () => {
    collectGarbage();
    return left.every((each) => each.deref() === undefined);
  });
  t.pass();
});

void t.test(
  'trustKernel: no ping while the kernel answers probes',
  { skip: process.platform !== 'linux' && 'lastHeard is Linux’s' },
  async (t) => {
    const server = await webSocketServer(t);
    const { client, accepted } = await open(t, server, { autoPong: false });
    applyKeepalive(socketOf(accepted), { initialDelay: 1_000, interval: 1_000, count: 3 });
    const pings = times(client, 'ping');
    const { beat, gone } = heartbeat(t, server, { interval: 2_000, trustKernel: true });
    await poll('pings saved', () => beat.snapshot().pingsSaved >= 2);
    t.equal(pings.length, 0);
    t.strictSame(gone, []);
  },
);

function warningsOf(t: Test): NodeJS.ErrnoException[] {
  const warnings: NodeJS.ErrnoException[] = [];
  const onWarning = (warning: NodeJS.ErrnoException) => warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  return warnings;
}

class Client extends EventEmitter {
  readyState = 1;
  bufferedAmount = 0;
  pings = 0;
  ping() {
    this.pings += 1;
  }
  terminate() {
    this.readyState = 3;
    this.emit('close');
  }
}

void t.test('a client that shows no TCP socket', async (t) => {
  const client = new Client();
  const beat = new WebSocketHeartbeat(new Set([client]), { interval, timeout, trustKernel: true });
  t.teardown(() => beat.stop());
  const [gone] = (await within(slow, 'the end', once(beat, 'gone'))) as [HeartbeatClient];
  t.equal(gone, client);
  t.equal(client.pings, 1);
});

void t.test('what a client takes of memory', async (t) => {
  const count = 10_000;
  const clients = new Set(Array.from({ length: count }, () => new Client()));
  for (const client of clients) for (const event of ['message', 'close']) client.on(event, () => undefined);
  const before = heapInUse();
  const beat = new WebSocketHeartbeat(clients, { interval: 1_000, timeout: 600_000, trustKernel: true });
  t.teardown(() => beat.stop());
  await poll('the first ping of each', () => beat.snapshot().waiting === count);
  const bytes = (heapInUse() - before) / count;
  t.comment(`${bytes.toFixed(0)} bytes`);
  t.ok(bytes > 0 && bytes < 1_300, `${bytes} bytes`);
});

void t.test('an error that `ping` throws goes to `onError`, and the client is pinged again once heard', async (t) => {
  const failures: unknown[][] = [];
  const client = new Client();
  const error = new Error('once');
  client.ping = () => {
    client.ping = () => Client.prototype.ping.call(client);
    setImmediate(() => client.emit('message'));
    throw error;
  };
  const onError = (...failure: unknown[]) => failures.push(failure);
  const beat = new WebSocketHeartbeat(new Set([client]), { interval: 50, timeout: slow, onError });
  t.teardown(() => beat.stop());
  await poll('another', () => client.pings > 0);
  t.strictSame(failures, [[error, client]]);
});

void t.test('a client whose every method throws is terminated in time, with one warning', async (t) => {
  const warnings = warningsOf(t);
  const client = new Client();
  const ask = () => {
    throw new DOMException('never', 'InvalidStateError'); // its code is a number
  };
  const beat = new WebSocketHeartbeat(new Set([client]), { interval: 50, timeout: 50 });
  t.teardown(() => beat.stop());
  const gone = once(beat, 'gone');
  await poll('it is met', () => beat.snapshot().clients === 1);
  client.ping = ask;
  Object.defineProperty(client, 'isPaused', { get: ask });
  const { terminate } = client;
  client.terminate = () => {
    terminate.call(client);
    ask();
  };
  const [ended] = (await within(slow, 'the end', gone)) as [Client];
  t.equal(ended, client);
  await poll('a warning', () => warnings.length > 0);
  t.equal(warnings.length, 1);
  t.match(warnings, [{ name: 'KeepaliveWarning', code: 'ERR_KEEPALIVE', message: /WebSocketHeartbeat.*never/ }]);
});

void t.test('a client that cannot be listened to is left alone', async (t) => {
  const failures: unknown[] = [];
  const client = new Client();
  client.on = () => {
    throw new Error('no listeners');
  };
  const other = new Client();
  const beat = new WebSocketHeartbeat(new Set([client, other]), {
    interval: 50,
    timeout: slow,
    onError: (_, failed) => failures.push(failed),
  });
  t.teardown(() => beat.stop());
  await poll('the other', () => other.pings > 0);
  await delay(200);
  t.strictSame(failures, [client]);
  t.equal(beat.snapshot().clients, 1);
});

void t.test('a client that leaves the Set while it owes an answer is not terminated', async (t) => {
  const client = new Client();
  const own = new Set([client]);
  const beat = new WebSocketHeartbeat(own, { interval: 50, timeout: 40 });
  t.teardown(() => beat.stop());
  beat.on('gone', () => t.fail('gone'));
  client.ping = () => own.delete(client);
  await poll('it is forgotten', () => own.size === 0 && beat.snapshot().clients === 0);
  await delay(100);
  t.equal(client.readyState, 1);
});

void t.test('after stop(), wherever it is called, no event is emitted', async (t) => {
  const client = new Client();
  const beat = new WebSocketHeartbeat(new Set([client]), { interval: 50, timeout: 50 });
  beat.on('gone', () => t.fail('told after stop()'));
  client.on('close', () => beat.stop());
  await poll('its end', () => client.readyState === 3);
  await delay(100);
  t.match(beat.snapshot(), { clients: 0, gone: 1 });
});

void t.test('everything runs in the context in which the heartbeat was made', async (t) => {
  const store = new AsyncLocalStorage<string>();
  const client = new Client();
  const seen: (string | undefined)[] = [];
  client.ping = () => seen.push(store.getStore());
  const beat = store.run('maker', () => new WebSocketHeartbeat(new Set([client]), { interval: 50, timeout: 50 }));
  t.teardown(() => beat.stop());
  store.enterWith('another');
  beat.on('gone', () => seen.push(store.getStore()));
  await poll('the end', () => seen.length === 2);
  t.strictSame(seen, ['maker', 'maker']);
});

void t.test('the socket of an http2 session or stream that has ended', async (t) => {
  const warnings = warningsOf(t);
  const good = { interval: 50, timeout };
  for (const [name, socket] of Object.entries(await endedHttp2Sockets(t))) {
    const closed = { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_CLOSED' };
    t.throws(() => new WebSocketHeartbeat(socket as never, good), closed, name);
    const set = new Set([socket]) as never;
    t.throws(() => new WebSocketHeartbeat(set, good), { code: 'ERR_INVALID_ARG_TYPE' }, `${name}, in a Set`);
    const own = new Set<unknown>();
    const beat = new WebSocketHeartbeat(own as never, good);
    t.teardown(() => beat.stop());
    own.add(socket);
    await poll('a warning', () => warnings.length > 0);
    t.match(warnings.pop(), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

void t.test('a client enters the user’s own Set while another leaves it', async (t) => {
  const [leaver, comer] = [new Client(), new Client()];
  const own = new Set([leaver]);
  const beat = new WebSocketHeartbeat(own, { interval: 200, timeout: slow });
  t.teardown(() => beat.stop());
  await poll('the first', () => leaver.pings > 0);
  own.delete(leaver);
  own.add(comer);
  await poll('the second', () => comer.pings > 0);
});

void t.test('what is not a client and is put into the Set later is ignored, with one warning', async (t) => {
  const own = new Set<HeartbeatClient>([new Client()]);
  const beat = new WebSocketHeartbeat(own, { interval: 100, timeout: slow });
  t.teardown(() => beat.stop());
  const warnings = warningsOf(t);
  const late = new Client();
  for (const stranger of [{}, 5, { readyState: 1 }, late]) own.add(stranger as HeartbeatClient);
  await poll('the one that is', () => late.pings > 0);
  t.match(warnings, [{ name: 'KeepaliveWarning', code: 'ERR_INVALID_ARG_TYPE' }]);
  t.equal(warnings.length, 1);
  t.equal(beat.snapshot().clients, 2);
});

void t.test('the process is not kept running', async (t) => {
  const program = `
    const { WebSocketHeartbeat } = require('tcp-keepalive/heartbeat');
    new WebSocketHeartbeat(new Set(), { interval: 100, timeout: 100 });`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], {
    encoding: 'utf8',
    timeout: slow,
    cwd: __dirname,
  });
  t.equal(status, 0, stderr);
});

void t.test('bad arguments', async (t) => {
  const bad = (clients: unknown, options: unknown) => () =>
    new WebSocketHeartbeat(clients as never, options as never).stop();
  const good = { interval, timeout };
  for (const clients of [undefined, null, [], {}, { clients: undefined }, new Map(), 'x']) {
    t.throws(bad(clients, good), { code: 'ERR_INVALID_ARG_TYPE', message: /clients/ });
  }
  t.throws(bad(new Set([new Client(), {}]), good), { code: 'ERR_INVALID_ARG_TYPE', message: /WebSocket clients/ });
  t.throws(bad(new Set(), undefined), { code: 'ERR_INVALID_ARG_TYPE', message: /options/ });
  for (const field of ['interval', 'timeout']) {
    t.throws(bad(new Set(), { ...good, [field]: '5' }), { code: 'ERR_INVALID_ARG_TYPE', message: field });
    for (const value of [0, -1, Number.NaN, Infinity, 2 ** 31]) {
      t.throws(bad(new Set(), { ...good, [field]: value }), { code: 'ERR_OUT_OF_RANGE', message: field });
    }
  }
  t.throws(bad(new Set(), { ...good, onError: 'x' }), { code: 'ERR_INVALID_ARG_TYPE', message: /onError/ });
  t.throws(bad(new Set(), { ...good, trustKernel: 1 }), { code: 'ERR_INVALID_ARG_TYPE', message: /trustKernel/ });
});

void t.test('disposable', async (t) => {
  const server = await webSocketServer(t);
  const { accepted } = await open(t, server);
  const beat = new WebSocketHeartbeat(server.clients, { interval, timeout });
  await poll('one', () => beat.snapshot().clients === 1);
  beat[Symbol.dispose]();
  t.equal(accepted.listenerCount('pong'), 0);
});
