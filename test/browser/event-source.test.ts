// The event source against a real server that freezes, restarts and refuses. Node has all that the module needs of a page.
import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { poll } from '../support/poll';
import { listening } from '../support/sockets';

type Browser = typeof import('../../src/browser/index.mjs');
const browser = path.join(__dirname, '..', '..', 'dist', 'browser', 'index.mjs');
const load = async () => (await import(pathToFileURL(browser).href)) as Browser;
const quick = { timeout: 400, reconnectWithin: 50 };

/** A log of numbered events: each request gets what came after its Last-Event-ID, and then what `then` does. */
async function logServer(t: Test, then: (response: ServerResponse, nth: number) => void): Promise<[string, string[]]> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const last = String(request.headers['last-event-id'] ?? '0');
    const nth = asked.push(last);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let id = Number(last) + 1; id <= nth * 2; id++) response.write(`id: ${id}\ndata: ${id}\n\n`);
    then(response, nth);
  });
  return [`http://127.0.0.1:${await listening(t, server)}/`, asked];
}

async function follow(t: Test, then: (response: ServerResponse, nth: number) => void, last: string) {
  const { LiveEventSource } = await load();
  const [url, asked] = await logServer(t, then);
  const source = new LiveEventSource(url, quick);
  const data: string[] = [];
  const states: string[] = [];
  source.addEventListener('statechange', () => states.push(source.state));
  await new Promise<void>((resolve) => {
    source.addEventListener('message', (event) => {
      if (data.push(event.data) && data.at(-1) === last) resolve();
    });
  });
  source.close();
  return { data, states, asked };
}

void t.test('a silent server: it connects again and goes on from the last event', async (t) => {
  const { data, states, asked } = await follow(t, () => undefined, '4');
  t.strictSame(data, ['1', '2', '3', '4']);
  t.strictSame(asked, ['0', '2']);
  t.strictSame(states, ['open', 'silent', 'reconnecting', 'open', 'closed']);
});

void t.test('a server that goes away in the middle of an event: nothing is lost or comes twice', async (t) => {
  const cut = (response: ServerResponse, nth: number) => {
    response.write(`id: ${nth * 2 + 1}\ndata: half`, () => response.destroy());
  };
  const { data, states } = await follow(t, cut, '6');
  t.strictSame(data, ['1', '2', '3', '4', '5', '6']);
  t.notOk(states.includes('silent'));
});

void t.test('comments are signs of life', async (t) => {
  const { LiveEventSource } = await load();
  const [url, asked] = await logServer(t, (response) => {
    const timer = setInterval(() => response.write(': ping\n\n'), 50);
    response.on('close', () => clearInterval(timer));
  });
  const source = new LiveEventSource(url, quick);
  await once(source, 'statechange');
  await new Promise((resolve) => setTimeout(resolve, 3 * quick.timeout));
  t.equal(source.state, 'open');
  t.equal(asked.length, 1);
  source.close();
});

void t.test('204 closes it, another status or content type is an error, 503 is tried again', async (t) => {
  const { LiveEventSource } = await load();
  let requests = 0;
  const server = http.createServer(({ url = '' }, response) => {
    const status = Number(url.slice(1));
    response.writeHead(status === 503 && requests++ > 0 ? 204 : status).end();
  });
  const port = await listening(t, server);
  for (const [status, error] of [
    [204, false],
    [404, true],
    [200, true],
    [503, false],
  ] as const) {
    const source = new LiveEventSource(`http://127.0.0.1:${port}/${status}`, quick);
    let failed = false;
    source.addEventListener('error', () => (failed = true));
    while (source.state !== 'closed') await once(source, 'statechange');
    await Promise.resolve();
    t.equal(failed, error, String(status));
  }
  t.equal(requests, 2);
});

void t.test('the last event id is that of the event that is dispatched, also where its listener closes', async (t) => {
  const { LiveEventSource } = await load();
  const server = http.createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end('id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n');
  });
  const source = new LiveEventSource(`http://127.0.0.1:${await listening(t, server)}/`);
  const ids: [string, string][] = [];
  source.addEventListener('message', (event) => {
    if (ids.push([event.lastEventId, source.lastEventId]) === 2) source.close();
  });
  await poll('closed', () => source.state === 'closed');
  t.strictSame(ids, [
    ['1', '1'],
    ['2', '2'],
  ]);
  t.equal(source.lastEventId, '2');
});

/** The clock of this process from now on, for which the returned function adds milliseconds. */
function clock(t: Test): (milliseconds: number) => void {
  const { now } = Date;
  let shift = 0;
  Date.now = () => now() + shift;
  t.teardown(() => (Date.now = now));
  return (milliseconds) => (shift += milliseconds);
}

const longest = 2 ** 31 - 1;

void t.test('after a sleep longer than the timeout it connects again without a wait', async (t) => {
  const { LiveEventSource } = await load();
  const [url, asked] = await logServer(t, () => undefined);
  const pass = clock(t);
  const source = new LiveEventSource(url, { timeout: 10_000, reconnectWithin: longest });
  t.teardown(() => source.close());
  await poll('open', () => source.state === 'open');
  pass(20_000);
  await poll('a second request', () => asked.length === 2);
  t.equal(asked.length, 2);
});

void t.test(
  'a page that becomes visible, and a machine that wakes up, while it waits for its next attempt',
  async (t) => {
    const document = new EventTarget();
    Object.assign(globalThis, { document });
    t.teardown(() => Reflect.deleteProperty(globalThis, 'document'));
    const { LiveEventSource } = await load();
    const [url, asked] = await logServer(t, (response) => response.destroy());
    const pass = clock(t);
    const source = new LiveEventSource(url, { reconnectWithin: longest });
    t.teardown(() => source.close());
    const waits = async (nth: number) => {
      await poll(`attempt ${nth}`, () => asked.length === nth && source.state === 'reconnecting');
    };
    await waits(1);
    pass(2 * 3_600_000);
    document.dispatchEvent(new Event('visibilitychange'));
    await waits(2);
    pass(2 * 3_600_000);
    await waits(3);
    t.equal(asked.length, 3);
  },
);

void t.test('a clock that is set back does not delay the verdict', async (t) => {
  const { LiveEventSource } = await load();
  const [url, asked] = await logServer(t, () => undefined);
  const pass = clock(t);
  const source = new LiveEventSource(url, quick);
  t.teardown(() => source.close());
  await poll('open', () => source.state === 'open');
  pass(-3_600_000);
  await poll('a second request', () => asked.length === 2);
  t.equal(asked.length, 2);
});
