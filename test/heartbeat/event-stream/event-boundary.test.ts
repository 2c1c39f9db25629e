import t from 'tap';
import { EventBoundary } from '../../../dist/heartbeat/event-stream/event-boundary.js';

/** Event streams: the places between two events, and those between two lines of one event. */
const streams: [string, number[], number[]][] = [
  ['data: a\n\ndata: b\n\n', [0, 9, 18], [8, 17]],
  ['data: a\r\n\r\ndata: b\r\n\r\n', [0, 10, 11, 21, 22], [9, 20]],
  ['data: a\r\rdata: b\r\r', [0, 9, 18], []], // a "\n" may follow the first "\r", and end the event
  ['data: a\n\r\n:\n\n\n', [0, 9, 10, 13, 14], [8, 12]],
  [':\n\r:', [0, 3], [2]],
  ['id: 1\ndata: \\n\\n\ndata: x', [0], [6, 17]],
  ['data: ü€😀\n\n', [0, Buffer.from('data: ü€😀\n\n').length], [Buffer.from('data: ü€😀\n').length]],
];

/** What a "\r" ends may go on with a "\n" that belongs to it: an empty line more then, which says nothing. */

void t.test('an event that is cut into chunks in any way', async (t) => {
  for (const [text, betweenEvents, betweenLines] of streams) {
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length; size += 1) {
      const boundary = new EventBoundary();
      const found = { betweenEvents: [0], betweenLines: [] as number[] };
      t.ok(boundary.isBetweenEvents);
      for (let at = 0; at < bytes.length; at += size) {
        boundary.note(bytes.subarray(at, at + size), undefined);
        const end = Math.min(bytes.length, at + size);
        if (boundary.isBetweenEvents) found.betweenEvents.push(end);
        else if (boundary.isBetweenLines) found.betweenLines.push(end);
      }
      const reachable = (place: number) => place % size === 0 || place === bytes.length;
      const expected = {
        betweenEvents: betweenEvents.filter(reachable),
        betweenLines: betweenLines.filter(reachable),
      };
      t.strictSame(found, expected, `${JSON.stringify(text)} in chunks of ${size}`);
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
