// `watchdog.fetch` answers what `fetch` answers, and hears it however it is read.
import http from 'node:http';
import net from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { SilenceWatchdog } from 'tcp-keepalive/heartbeat';
import { collectGarbage } from '../../support/garbage';
import { poll } from '../../support/poll';
import { listening, owned } from '../../support/sockets';

const timeout = 1_000;
const parts = ['{"a":', '[1,2', ',3]', '}'];
const whole = parts.join('');

function watchdog(t: Test) {
  const silences: number[] = [];
  const dog = new SilenceWatchdog({ timeout, onSilence: (silentFor) => silences.push(silentFor) });
  t.teardown(() => dog.stop());
  return { dog, silences };
}

/** A server that sends parts of a body for longer than the timeout, and then nothing more: not even its end. */
async function slowServer(t: Test, ends: boolean): Promise<string> {
  const answer = async (response: http.ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const part of parts) {
      response.write(part);
      await delay(timeout / 2);
    }
    if (ends) response.end();
  };
  const server = http.createServer((_, response) => void answer(response));
  t.teardown(() => server.closeAllConnections());
  return `http://127.0.0.1:${await listening(t, server)}`;
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function readBy(reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> }): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value!);
  return Buffer.concat(chunks).toString();
}

/** Every way to read a response. */
const ways: Record<string, (response: Response) => Promise<unknown>> = {
  text: (response) => response.text(),
  json: async (response) => JSON.stringify(await response.json()),
  arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()).toString(),
  blob: async (response) => (await response.blob()).text(),
  'a loop': (response) => textOf(response.body as never),
  'a reader': (response) => readBy(response.body!.getReader()),
  'a reader with buffers of its own': (response) => {
    const reader = response.body!.getReader({ mode: 'byob' });
    return readBy({ read: () => reader.read(new Uint8Array(3)) });
  },
  pipeThrough: async (response) => {
    const texts: string[] = [];
    const decoded: AsyncIterable<string> = response.body!.pipeThrough(new TextDecoderStream()) as never;
    for await (const text of decoded) texts.push(text);
    return texts.join('');
  },
  pipeTo: async (response) => {
    const chunks: Uint8Array[] = [];
    await response.body!.pipeTo(new WritableStream({ write: (chunk: Uint8Array) => void chunks.push(chunk) }));
    return Buffer.concat(chunks).toString();
  },
  'Readable.fromWeb': (response) => textOf(Readable.fromWeb(response.body as never)),
  tee: async (response) => {
    const [first, second] = response.body!.tee();
    const texts = await Promise.all([textOf(first as never), textOf(second as never)]);
    return texts[0] === texts[1] ? texts[0] : texts;
  },
  'a clone': async (response) => {
    const clone = response.clone();
    const texts = await Promise.all([response.text(), clone.text()]);
    return texts[0] === texts[1] ? texts[0] : texts;
  },
  'the clone of a clone alone': async (response) => {
    const clone = response.clone().clone();
    void response.body!.cancel();
    return clone.text();
  },
  'another response': (response) => new Response(response.body).text(),
};

void t.test('a body is heard however it is read, and its silence is noticed', { jobs: 8 }, async (t) => {
  const [ending, hanging] = [await slowServer(t, true), await slowServer(t, false)];
  for (const [name, read] of Object.entries(ways)) {
    void t.test(name, async (t) => {
      const { dog, silences } = watchdog(t);
      const response = await dog.fetch(ending);
      t.equal(await read(response), whole);
      await delay(2 * timeout);
      t.strictSame(silences, []);
      t.ok(response.bodyUsed);
    });

    void t.test(`${name}: silence`, async (t) => {
      const { dog, silences } = watchdog(t);
      await t.rejects(read(await dog.fetch(hanging)), { code: 'ERR_KEEPALIVE_SILENCE' });
      t.equal(silences.length, 1);
    });
  }
});

/** A server of one raw answer. */
async function rawServer(t: Test, answer: string): Promise<string> {
  const server = net.createServer((socket) => void owned(t, socket).on('data', () => socket.end(answer, 'latin1')));
  return `http://127.0.0.1:${await listening(t, server)}/`;
}

const answers: Record<string, string> = {
  'an ordinary one': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  'a status that a Response cannot be made with': 'HTTP/1.1 799 Strange\r\nContent-Length: 2\r\n\r\nhi',
  'a reason phrase in Latin 1': 'HTTP/1.1 200 D\xe9j\xe0 vu\r\nContent-Length: 2\r\n\r\nhi',
  'no body': 'HTTP/1.1 204 No Content\r\n\r\n',
};

for (const [name, answer] of Object.entries(answers)) {
  void t.test(`the response is that of fetch: ${name}`, async (t) => {
    const url = await rawServer(t, answer);
    const { dog } = watchdog(t);
    const [ours, theirs] = [await dog.fetch(url), await fetch(url)];
    t.ok(ours instanceof Response);
    t.ok(ours.body === null || ours.body instanceof ReadableStream);
    t.strictSame(Object.keys(ours), []);
    const shown = (response: Response) => {
      const { status, statusText, ok, url, type, redirected, bodyUsed, headers } = response;
      return { status, statusText, ok, url, type, redirected, bodyUsed, headers: [...headers] };
    };
    t.strictSame(shown(ours), shown(theirs));
    t.strictSame(shown(ours.clone()), shown(theirs.clone()));
    t.equal(ours.body, ours.body);
    t.equal(ours.body?.locked, theirs.body?.locked);
    t.equal(await ours.text(), await theirs.text());
    if (theirs.body !== null) t.throws(() => ours.clone(), TypeError);
  });
}

void t.test('a lock on the body shows, and is released', async (t) => {
  const { dog } = watchdog(t);
  const response = await dog.fetch(await rawServer(t, answers['an ordinary one']!));
  const reader = response.body!.getReader();
  t.ok(response.body!.locked);
  t.throws(() => response.body!.getReader(), TypeError);
  t.throws(() => response.clone(), TypeError);
  await t.rejects(response.text(), TypeError);
  t.notOk(response.bodyUsed);
  reader.releaseLock();
  t.notOk(response.body!.locked);
  t.equal(await response.clone().text(), 'hi');
});

void t.test(
  'a body that is not read does not hold its connection: cancelled, or its response is collected',
  async (t) => {
    let open = 0;
    const server = http.createServer((_, response) => {
      open += 1;
      response.on('close', () => (open -= 1));
      response.writeHead(200).write('x');
    });
    const url = `http://127.0.0.1:${await listening(t, server)}`;
    const dog = new SilenceWatchdog({ timeout: 60_000 });
    t.teardown(() => dog.stop());
    await (await dog.fetch(url)).body!.cancel();
    await poll('its end', () => open === 0);
    await dog.fetch(url);
    await poll('the end of another', () => {
      collectGarbage();
      return open === 0;
    });
    t.pass();
  },
);

void t.test('a Request as `init`', async (t) => {
  const server = http.createServer((request, response) => response.end(`${request.method} ${request.headers['x-a']}`));
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  const { dog } = watchdog(t);
  const init = new Request('http://nowhere.invalid', { method: 'PUT', headers: { 'x-a': 'b' } });
  t.equal(await (await dog.fetch(url, init)).text(), 'PUT b');
  const own = new AbortController();
  const hanging = await slowServer(t, false);
  const response = await dog.fetch(hanging, new Request(hanging, { signal: own.signal }));
  const read = response.text();
  own.abort();
  await t.rejects(read, { name: 'AbortError' });
});

void t.test('a replaced `fetch` whose body is not a web stream', async (t) => {
  const real = globalThis.fetch;
  t.teardown(() => (globalThis.fetch = real));
  const { dog, silences } = watchdog(t);
  const theirs = { body: Readable.from(['x']) };
  globalThis.fetch = async () => theirs as never;
  t.equal(await dog.fetch('http://127.0.0.1'), theirs as never);
  await delay(2 * timeout);
  t.strictSame(silences, []);
});

void t.test('a replaced `fetch` whose body is a stream of any values', async (t) => {
  const real = globalThis.fetch;
  t.teardown(() => (globalThis.fetch = real));
  const { dog } = watchdog(t);
  const strings = new ReadableStream<string>({
    start: (controller) => {
      controller.enqueue('x');
    },
  });
  globalThis.fetch = async () => new Response(strings as never);
  const { body } = await dog.fetch('http://127.0.0.1');
  t.throws(() => body!.getReader({ mode: 'byob' }), TypeError);
  t.strictSame(await body!.getReader().read(), { done: false, value: 'x' });
});
