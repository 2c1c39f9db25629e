// Against real servers and the real `eventsource`.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import net from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { fastify } from 'fastify';
import t, { type Test } from 'tap';
import {
  EventStreamHeartbeat,
  type EventStreamHeartbeatOptions,
  type EventStreamResponse,
} from 'tcp-keepalive/heartbeat';
import { collectGarbage } from '../../support/garbage';
import { endedHttp2Sockets } from '../../support/http2-sockets';
import { poll } from '../../support/poll';
import { listening } from '../../support/sockets';

const interval = 300;
const headers = { 'content-type': 'text/event-stream' };

function heartbeat(t: Test, options: Partial<EventStreamHeartbeatOptions> = {}): EventStreamHeartbeat {
  const beat = new EventStreamHeartbeat({ interval, ...options });
  t.teardown(() => beat.stop());
  return beat;
}

interface Stream<R extends EventStreamResponse = EventStreamResponse> {
  readonly response: R;
  /** What the client has received. */
  readonly text: () => string;
  readonly body: Readable;
  readonly url: string;
}

async function overHttp(t: Test): Promise<Stream<ServerResponse>> {
  const server = http.createServer();
  const url = `http://127.0.0.1:${await listening(t, server)}/`;
  const accepted = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  const received = once(http.get(url, { agent: false }), 'response') as Promise<[IncomingMessage]>;
  const [, response] = await accepted;
  response.writeHead(200, headers).flushHeaders();
  const [body] = await received;
  t.teardown(() => body.destroy());
  return { response, body, url, text: collected(body) };
}

async function overHttp2<R extends Http2ServerResponse | ServerHttp2Stream>(
  t: Test,
  event: 'request' | 'stream',
  answer: (...args: never[]) => R,
): Promise<Stream<R>> {
  const server = http2.createServer();
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  const accepted = once(server, event);
  const session = http2.connect(url);
  t.teardown(() => session.destroy());
  const body = session.request();
  const response = answer(...((await accepted) as never[]));
  return { response, body, url, text: collected(body) };
}

const ways: Record<string, (t: Test) => Promise<Stream>> = {
  http: overHttp,
  'http2, as a response': (t) =>
    overHttp2(t, 'request', (_: unknown, response: Http2ServerResponse) => response.writeHead(200, headers)),
  'http2, as a stream': (t) =>
    overHttp2(t, 'stream', (stream: ServerHttp2Stream) => {
      stream.respond(headers);
      return stream;
    }),
  async fastify(t) {
    const app = fastify();
    t.teardown(() => app.close());
    const replied = new Promise<ServerResponse>((resolve) => {
      app.get('/', (_, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, headers).flushHeaders();
        resolve(reply.raw);
      });
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const [body] = (await once(http.get(url, { agent: false }), 'response')) as [IncomingMessage];
    t.teardown(() => body.destroy());
    return { response: await replied, body, url, text: collected(body) };
  },
};

function collected(body: Readable): () => string {
  let text = '';
  body.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  body.on('error', () => undefined);
  return () => text;
}

for (const [name, open] of Object.entries(ways)) {
  void t.test(name, async (t) => {
    const { response, text, body } = await open(t);
    const beat = heartbeat(t);
    beat.add(response);
    beat.add(response);
    await poll('three pings', () => text().length >= 9);
    t.match(text(), /^(:\n\n)+$/);
    response.write('data: hello\n\n');
    await poll('more', () => /data: hello\n\n(:\n\n)+$/.test(text()));
    t.match(beat.snapshot(), { streams: 1, pingsWithheld: 0 });
    t.ok(beat.snapshot().pingsSent >= text().split(':\n\n').length - 1);
    body.destroy();
    await poll('it is forgotten', () => beat.snapshot().streams === 0);
    t.notOk(Object.hasOwn(response, 'write'), 'its `write` is its own again');
  });

  void t.test(`${name}: no ping is written inside a line, however the event is written`, async (t) => {
    const { response, text } = await open(t);
    const beat = heartbeat(t, { interval: 20 });
    beat.add(response);
    const event = 'event: news\r\nid: 7\ndata: first\ndata: ü second\r\n\r\n';
    const bytes = Buffer.from(event);
    for (let at = 0; at < bytes.length; at += 4) {
      response.write(bytes.subarray(at, at + 4) as never);
      await delay(25);
    }
    const { pingsWithheld } = beat.snapshot();
    t.ok(pingsWithheld > 0, `${pingsWithheld} held back`);
    await poll('a ping after it', () => /\r\n(:\n\n)+$/.test(text()));
    t.equal(text().replaceAll(/(?<=^|\n):\n\n?/g, ''), event);
  });

  void t.test(`${name}: no ping is sent while data waits for a slow reader`, async (t) => {
    const { response, text, body } = await open(t);
    body.pause();
    const beat = heartbeat(t);
    beat.add(response);
    // More than the kernels' buffers hold.
    for (let count = 0; count < 48; count += 1) response.write(`data: ${'x'.repeat(1 << 20)}\n\n`);
    await poll('held back', () => beat.snapshot().pingsWithheld >= 2);
    t.equal(beat.snapshot().pingsSent, 0);
    body.resume();
    await poll('it has caught up', () => text().endsWith(':\n\n'));
  });
}

void t.test('between the lines of an event a comment is written, which does not end the event', async (t) => {
  const server = http.createServer();
  const url = `http://127.0.0.1:${await listening(t, server)}/`;
  const beat = heartbeat(t, { interval: 50 });
  server.on('request', (_, response: ServerResponse) => {
    response.writeHead(200, headers).write('retry: 2000\nevent: news\ndata: first\n');
    beat.add(response);
    response.write('data: second\n');
    void poll('pings', () => beat.snapshot().pingsSent >= 3).then(() => response.write('data: third\n\n'));
    t.teardown(() => response.destroy());
  });
  const source = new EventSource(url);
  t.teardown(() => source.close());
  const data = new Promise((resolve) => source.addEventListener('news', (event) => resolve(event.data)));
  t.equal(await data, 'first\nsecond\nthird');
});

void t.test('a named ping waits for the end of the event', async (t) => {
  const { response, text } = await overHttp(t);
  const beat = heartbeat(t, { interval: 50, event: 'ping' });
  beat.add(response);
  response.write('data: first\n');
  await poll('held back', () => beat.snapshot().pingsWithheld >= 2);
  response.write('\n');
  await poll('a ping', () =>
    /^data: first\n\nevent: ping\ndata:\n\n/.test(text().replace(/^(event: ping\ndata:\n\n)+/, '')),
  );
  t.pass();
});

void t.test('a stream that has just sent is not pinged', async (t) => {
  const { response, text } = await overHttp(t);
  const beat = heartbeat(t, { interval: 1_000 });
  beat.add(response);
  const sending = setInterval(() => response.write('data: x\n\n'), 100);
  t.teardown(() => clearInterval(sending));
  await poll('saved', () => beat.snapshot().pingsSaved >= 3);
  t.ok(beat.snapshot().pingsSent <= 1, 'but perhaps once before it had sent anything');
  clearInterval(sending);
  const before = beat.snapshot().pingsSent;
  const last = performance.now();
  await poll('a ping', () => beat.snapshot().pingsSent > before);
  t.ok(performance.now() - last > 700);
  await poll('it arrives', () => text().endsWith(':\n\n'));
});

void t.test('an EventSource shows named pings, and no comments', async (t) => {
  const server = http.createServer();
  const url = `http://127.0.0.1:${await listening(t, server)}/`;
  const named = heartbeat(t, { event: 'ping' });
  const silent = heartbeat(t);
  server.on('request', (request, response: ServerResponse) => {
    response.writeHead(200, headers).flushHeaders();
    (request.url === '/named' ? named : silent).add(response);
    setTimeout(() => response.write('data: hello\n\n'), 2 * interval);
    t.teardown(() => response.destroy());
  });
  const seen: Record<string, string[]> = { named: [], comments: [] };
  for (const name of Object.keys(seen)) {
    const source = new EventSource(url + name);
    t.teardown(() => source.close());
    source.addEventListener('ping', ({ data }) => seen[name]!.push(`ping ${JSON.stringify(data)}`));
    source.onmessage = ({ data }) => seen[name]!.push(`message ${data}`);
  }
  await poll('pings', () => seen['named']!.filter((each) => each === 'ping ""').length >= 3);
  await poll('messages', () => Object.values(seen).every((each) => each.includes('message hello')));
  t.strictSame(seen['comments'], ['message hello']);
  t.strictSame([...new Set(seen['named'])].sort(), ['message hello', 'ping ""']);
});

void t.test('no ping is sent before the headers or after the end', async (t) => {
  const server = http.createServer();
  const url = `http://127.0.0.1:${await listening(t, server)}/`;
  const beat = heartbeat(t, { interval: 50 });
  const accepted = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  const answered = once(http.get(url, { agent: false }), 'response') as Promise<[IncomingMessage]>;
  const [, response] = await accepted;
  beat.add(response);
  await poll('held back', () => beat.snapshot().pingsWithheld >= 2);
  t.notOk(response.headersSent);
  response.writeHead(200, headers).end('data: x\n\n');
  beat.add(response);
  const [body] = await answered;
  const text = collected(body);
  await once(body, 'end');
  t.equal(text(), 'data: x\n\n');
  await poll('it is forgotten', () => beat.snapshot().streams === 0);
  beat.add(response);
  t.equal(beat.snapshot().streams, 0, 'one that has ended is left alone');
});

void t.test('a response that ended without an event is forgotten at its next turn', async (t) => {
  const { EventEmitter } = await import('node:events');
  class Response extends EventEmitter {
    readonly headersSent = true;
    writableEnded = false;
    written = '';
    write(text: string) {
      this.written += text;
      return true;
    }
  }
  const response = new Response();
  const beat = heartbeat(t, { interval: 50 });
  beat.add(response);
  await poll('a ping', () => response.written === ':\n\n');
  response.writableEnded = true;
  await poll('it is forgotten', () => beat.snapshot().streams === 0);
  t.equal(response.written, ':\n\n');
  t.strictSame(response.eventNames(), []);
  t.notOk(Object.hasOwn(response, 'write'), 'its `write` is its own again');
});

void t.test('a response that is piped to', async (t) => {
  const { response, text } = await overHttp(t);
  const beat = heartbeat(t, { interval: 50 });
  beat.add(response);
  Readable.from(['data: ', 'a\n', '\n', 'data: b\n\n']).pipe(response, { end: false });
  await poll('all', () => /data: a\n\n(:\n\n)*data: b\n\n(:\n\n)+$/.test(text()));
  t.pass();
});

void t.test('a middleware that buffers is flushed', async (t) => {
  const { response, text } = await overHttp(t);
  const kept: string[] = [];
  const { write } = response;
  const compressing = response as unknown as { write(chunk: string): boolean; flush(): void };
  compressing.write = (chunk) => kept.push(chunk) > 0;
  compressing.flush = () => kept.splice(0).forEach((chunk) => write.call(response, chunk, 'utf8'));
  const beat = heartbeat(t, { interval: 50 });
  beat.add(response);
  await poll('pings', () => text().length >= 6);
  const { write: ours } = compressing;
  beat.remove(response);
  t.not(compressing.write, ours, 'its own `write` is back');
});

void t.test('remove, also where other code has replaced `write` after us', async (t) => {
  const { response, text } = await overHttp(t);
  const beat = heartbeat(t, { interval: 50 });
  beat.add(response);
  const { write } = response;
  response.write = function over(...args: unknown[]) {
    return write.apply(this, args as Parameters<typeof write>);
  };
  const over = response.write;
  await poll('pings', () => text().length >= 6);
  beat.remove(response);
  beat.remove(response);
  t.equal(response.write, over);
  const { pingsSent, streams } = beat.snapshot();
  t.equal(streams, 0);
  response.write('data: still\n\n');
  await poll('written', () => text().endsWith('data: still\n\n'));
  t.equal(beat.snapshot().pingsSent, pingsSent);
});

void t.test('an error that `write` throws goes to `onError` only', async (t) => {
  const failures: [unknown, unknown][] = [];
  const beat = heartbeat(t, { interval: 50, onError: (error, response) => failures.push([error, response]) });
  const { response } = await overHttp(t);
  const { response: other, text } = await overHttp(t);
  const error = new Error('no');
  let writes = 0;
  response.write = () => {
    writes += 1;
    throw error;
  };
  beat.add(response);
  beat.add(other);
  await poll('pings of the other', () => text().length >= 9);
  t.equal(writes, 1);
  t.strictSame(failures, [[error, response]]);
  t.match(beat.snapshot(), { streams: 1 });
  t.notOk(response.destroyed, 'it stays open');
});

void t.test('without `onError` the first error is a process warning', async (t) => {
  const warnings: NodeJS.ErrnoException[] = [];
  const onWarning = (warning: NodeJS.ErrnoException) => warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const beat = heartbeat(t, { interval: 50 });
  let writes = 0;
  for (const { response } of [await overHttp(t), await overHttp(t)]) {
    response.write = () => {
      writes += 1;
      throw Object.assign(new Error('no more'), { code: 'ERR_OF_MINE' });
    };
    beat.add(response);
  }
  await poll('both', () => writes === 2);
  await delay(50);
  t.match(warnings, [{ name: 'KeepaliveWarning', code: 'ERR_OF_MINE', message: /EventStreamHeartbeat.*no more/ }]);
  t.equal(warnings.length, 1);
  t.equal(beat.snapshot().streams, 0);
});

void t.test('a `write` that removes its response: it is not pinged any more', async (t) => {
  const { response, text } = await overHttp(t);
  const beat = heartbeat(t, { interval: 50 });
  const write = response.write.bind(response) as (chunk: string) => boolean;
  response.write = (chunk: string) => {
    beat.remove(response);
    return write(chunk);
  };
  beat.add(response);
  await poll('a ping', () => text().length > 0);
  await delay(500);
  t.equal(text(), ':\n\n');
  t.strictSame(beat.snapshot(), { streams: 0, pingsSent: 1, pingsSaved: 0, pingsWithheld: 0 });
});

void t.test('pings run in the context in which the heartbeat was made, and keep no other in memory', async (t) => {
  const store = new AsyncLocalStorage<object>();
  const maker = { name: 'maker' };
  const beat = store.run(maker, () => heartbeat(t, { interval: 50 }));
  const { response } = await overHttp(t);
  const { response: other } = await overHttp(t);
  const seen: unknown[] = [];
  const write = response.write.bind(response) as (chunk: string) => boolean;
  response.write = (chunk: string) => {
    seen.push(store.getStore());
    return write(chunk);
  };
  const left = (() => {
    const request = { name: 'request' };
    store.run(request, () => beat.add(other));
    return new WeakRef(request);
  })();
  store.run({ name: 'another request' }, () => beat.add(response));
  await poll('pings', () => seen.length >= 3);
  t.ok(seen.every((each) => each === maker));
  beat.remove(other);
  await poll('the first request is forgotten', () => {
    collectGarbage();
    return left.deref() === undefined;
  });
});

/** Responses that pings would break, each with a client that has received their heads. */
const closedToPings: Record<string, (t: Test, beat: EventStreamHeartbeat) => Promise<EventStreamResponse>> = {
  'the answer to a HEAD request': (t, beat) => answered(t, beat, { method: 'HEAD' }, 200, headers),
  'a status without a body': (t, beat) => answered(t, beat, {}, 204, headers),
  'a length that was promised': (t, beat) => answered(t, beat, {}, 200, { ...headers, 'content-length': 3 }, ':\n\n'),
  'http2: the answer to a HEAD request': (t, beat) => answeredByHttp2(t, beat, { ':method': 'HEAD' }, headers),
  'http2: a length that was promised': (t, beat) => answeredByHttp2(t, beat, {}, { ...headers, 'content-length': 100 }),
};

async function answered(
  t: Test,
  beat: EventStreamHeartbeat,
  options: http.RequestOptions,
  status: number,
  head: http.OutgoingHttpHeaders,
  body = '',
): Promise<EventStreamResponse> {
  const server = http.createServer({ rejectNonStandardBodyWrites: true });
  const port = await listening(t, server);
  const accepted = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  const request = http.request({ host: '127.0.0.1', port, agent: false, ...options }).end();
  t.teardown(() => request.on('error', () => undefined).destroy());
  const [, response] = await accepted;
  response.strictContentLength = true;
  beat.add(response);
  response.writeHead(status, head).flushHeaders();
  if (body !== '') response.write(body);
  await once(request, 'response');
  return response;
}

async function answeredByHttp2(
  t: Test,
  beat: EventStreamHeartbeat,
  request: http2.OutgoingHttpHeaders,
  head: http2.OutgoingHttpHeaders,
): Promise<EventStreamResponse> {
  const server = http2.createServer();
  const accepted = once(server, 'stream') as Promise<[ServerHttp2Stream]>;
  const session = http2.connect(`http://127.0.0.1:${await listening(t, server)}`);
  t.teardown(() => session.destroy());
  const asked = session.request(request).on('error', () => undefined);
  const [stream] = await accepted;
  stream.on('error', () => undefined);
  beat.add(stream);
  stream.respond(head);
  await once(asked, 'response');
  return stream;
}

for (const [name, open] of Object.entries(closedToPings)) {
  void t.test(`not written to: ${name}`, async (t) => {
    const beat = heartbeat(t, { interval: 50, onError: (error) => t.fail(String(error)) });
    const response = await open(t, beat);
    let writes = 0;
    response.write = () => (writes += 1) > 0;
    await poll('it is forgotten', () => beat.snapshot().streams === 0);
    beat.add(response);
    t.equal(beat.snapshot().streams, 0, 'and left alone');
    t.equal(writes, 0);
    t.match(beat.snapshot(), { pingsSent: 0 });
  });
}

void t.test('the socket of an http2 session or stream that has ended', async (t) => {
  const beat = heartbeat(t);
  for (const [name, socket] of Object.entries(await endedHttp2Sockets(t))) {
    t.throws(() => beat.add(socket as never), { name: 'KeepaliveError', code: 'ERR_KEEPALIVE_CLOSED' }, name);
  }
});

void t.test('the pings of 300 streams that all send at the same moment are spread', async (t) => {
  const count = 300;
  const parts = 20;
  const beat = heartbeat(t, { interval: 3_000 });
  const server = http.createServer((_, response) => {
    response.writeHead(200, headers).flushHeaders();
    beat.add(response);
    responses.push(response);
  });
  const responses: ServerResponse[] = [];
  const port = await listening(t, server);
  const agent = new http.Agent({ maxSockets: Infinity });
  t.teardown(() => agent.destroy());
  const pings: number[] = [];
  for (let index = 0; index < count; index += 1) {
    http.get({ host: '127.0.0.1', port, agent }, (body) => {
      body.setEncoding('utf8').on('data', (text: string) => text.includes(':\n\n') && pings.push(performance.now()));
      body.on('error', () => undefined);
    });
  }
  await poll('all', () => responses.length === count);
  await delay(1_000);
  for (const response of responses) response.write('data: all\n\n');
  const start = performance.now();
  await delay(6_500);
  const counts = new Array<number>(parts).fill(0);
  for (const time of pings) if (time > start) counts[Math.floor(((time - start) * parts) / 6_500)]! += 1;
  t.comment(`pings in each twentieth of 6.5 s: ${counts.join(' ')}`);
  t.ok(Math.max(...counts) < count / 2, `at most ${Math.max(...counts)} in 325 ms; without the spread ${count}`);
});

void t.test('the process is not kept running', async (t) => {
  const program = `
    const { EventStreamHeartbeat } = require('tcp-keepalive/heartbeat');
    const { ServerResponse } = require('node:http');
    new EventStreamHeartbeat({ interval: 100 }).add(new ServerResponse({}));`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], {
    encoding: 'utf8',
    timeout: 10_000,
    cwd: __dirname,
  });
  t.equal(status, 0, stderr);
});

void t.test('bad arguments', async (t) => {
  const make = (options: unknown) => () => new EventStreamHeartbeat(options as never);
  t.throws(make(undefined), { code: 'ERR_INVALID_ARG_TYPE', message: /options/ });
  t.throws(make({}), { code: 'ERR_INVALID_ARG_TYPE', message: /options.interval/ });
  t.throws(make({ interval: 0 }), { code: 'ERR_OUT_OF_RANGE', message: /options.interval/ });
  t.throws(make({ interval, onError: 5 }), { code: 'ERR_INVALID_ARG_TYPE', message: /options.onError/ });
  for (const event of ['', 'a\nb', 'a\rb', 5, null]) {
    t.throws(make({ interval, event }), { code: 'ERR_INVALID_ARG_TYPE', message: /options.event/ });
  }
  const beat = heartbeat(t);
  for (const response of [undefined, null, {}, process.stdout, new Readable()]) {
    t.throws(() => beat.add(response as never), { code: 'ERR_INVALID_ARG_TYPE', message: /response/ });
  }
});

void t.test('using: stops at the end of the block', async (t) => {
  const beat = new EventStreamHeartbeat({ interval: 1_000 });
  const response = new http.ServerResponse(new http.IncomingMessage(new net.Socket()));
  beat.add(response);
  t.equal(beat.snapshot().streams, 1);
  beat[Symbol.dispose]();
  t.equal(beat.snapshot().streams, 0);
  t.notOk(Object.hasOwn(response, 'write'), 'and the response is as it was');
});
