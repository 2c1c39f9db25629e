import t from 'tap';
import { EventBoundary } from '../../../dist/heartbeat/event-stream/event-boundary.js';

/** The places in an event stream at which something between two events may stand. */
const streams: [string, number[]][] = [
  ['data: a\n\ndata: b\n\n', [0, 9, 18]],
  ['data: a\r\n\r\ndata: b\r\n\r\n', [0, 10, 11, 21, 22]],
  ['data: a\r\rdata: b\r\r', [0, 9, 18]],
  ['data: a\n\r\n:\n\n\n', [0, 9, 10, 13, 14]],
  [':\n\r:', [0, 3]],
  ['id: 1\ndata: \\n\\n\ndata: x', [0]],
  ['data: ü€😀\n\n', [0, Buffer.from('data: ü€😀\n\n').length]],
];

/** What a "\r" ends may go on with a "\n" that belongs to it: an empty line more then, which says nothing. */

void t.test('an event that is cut into chunks in any way', async (t) => {
  for (const [text, expected] of streams) {
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length; size += 1) {
      const boundary = new EventBoundary();
      const found = boundary.isBetweenEvents ? [0] : [];
      for (let at = 0; at < bytes.length; at += size) {
        boundary.note(bytes.subarray(at, at + size), undefined);
        const end = Math.min(bytes.length, at + size);
        if (boundary.isBetweenEvents) found.push(end);
      }
      const reachable = expected.filter((place) => place % size === 0 || place === bytes.length);
      t.strictSame(found, reachable, `${JSON.stringify(text)} in chunks of ${size}`);
    }
  }
});

void t.test('strings in any encoding; what is not a chunk is ignored', async (t) => {
  const after = (...writes: [unknown, unknown?][]) => {
    const boundary = new EventBoundary();
    for (const [chunk, encoding] of writes) boundary.note(chunk, encoding);
    return boundary.isBetweenEvents;
  };
  t.ok(after(['data: a\n\n']));
  t.ok(after(['data: a\n'], ['\n', 'utf8']));
  t.ok(after(['data: a\n\n', () => undefined]));
  t.notOk(after(['data: a\n', 'UTF-8']));
  t.ok(after([Buffer.from('data: a\n\n').toString('base64'), 'base64']));
  t.notOk(after([Buffer.from('data: a').toString('hex'), 'hex']));
  t.ok(after(['data: a\n\n'], [''], [undefined], [new Uint8Array()]));
  t.notOk(after(['data: a'], ['']));
});
