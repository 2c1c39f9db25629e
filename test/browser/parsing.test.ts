// The event stream that a page reads, and how it spreads its attempts to reconnect.
import fc from 'fast-check';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

const load = async <M>(name: string): Promise<M> =>
  (await import(pathToFileURL(path.join(__dirname, '..', '..', 'dist', 'browser', `${name}.mjs`)).href)) as M;
const parsing = () => load<typeof import('../../src/browser/event-stream.mjs')>('event-stream');
const waiting = () => load<typeof import('../../src/browser/options.mjs')>('options');

const stream = [
  ': a comment\nretry: 1500\nid: 1\ndata: one\n\n',
  'event: mail\rdata:two\rdata:  lines\r\rdata\n\n',
  'id: 2\r\ndata: three\r\n\r\nid\n\nid: a\0b\nretry: 1x\ndata: four\n\ndata: never ended',
].join('');
const events = [
  { type: 'message', data: 'one', lastEventId: '1' },
  { type: 'mail', data: 'two\n lines', lastEventId: '1' },
  { type: 'message', data: '', lastEventId: '1' },
  { type: 'message', data: 'three', lastEventId: '2' },
  { type: 'message', data: 'four', lastEventId: '' },
];

void t.test('chunks that end anywhere give the same events', async (t) => {
  const { EventStreamParser } = await parsing();
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
      const parser = new EventStreamParser();
      const ends = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const parsed = ends.slice(1).flatMap((end, index) => [...parser.push(stream.slice(ends[index], end))]);
      t.strictSame(parsed, events);
      t.equal(parser.retry, 1500);
    }),
  );
});

void t.test('an event that was not complete does not move the last event id', async (t) => {
  const { EventStreamParser } = await parsing();
  const parser = new EventStreamParser('7');
  t.strictSame([...parser.push('id: 8\ndata: lost\n')], []);
  t.equal(parser.lastEventId, '7');
});

void t.test('attempts are spread over a time that doubles, after what the server asks for', async (t) => {
  const { delayBefore, timesOf } = await waiting();
  const times = timesOf({ reconnectWithin: 1000, reconnectWithinAtMost: 3000 });
  t.strictSame(
    [0, 1, 2, 2000].map((attempt) => delayBefore(attempt, times, 0, 1)),
    [1000, 2000, 3000, 3000],
  );
  t.equal(delayBefore(3, times, 500, 0), 500);
  const inOneSecond = Array.from({ length: 100_000 }, () => delayBefore(0, timesOf({}))).filter(
    (delay) => delay < 1000,
  );
  t.ok(inOneSecond.length < 12_000, `${inOneSecond.length} of 100,000 clients in the first second`);
});

void t.test('a bad option is an error that names it', async (t) => {
  const { timesOf } = await waiting();
  t.throws(() => timesOf({ timeout: 0 }), { name: 'RangeError', message: /^timeout: / });
  t.throws(() => timesOf({ connectTimeout: '1' as never }), { name: 'TypeError', message: /^connectTimeout: / });
  t.throws(() => timesOf({ reconnectWithin: 9, reconnectWithinAtMost: 8 }), { message: /^reconnectWithinAtMost: / });
});
