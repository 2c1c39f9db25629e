// Random operations, held against a list of times.
import t, { type Test } from 'tap';
import { Calendar, none } from '../../dist/liveness/calendar.js';
import { generator } from '../support/random.js';

const start = 1_000_000.5;

function takeAll(calendar: Calendar): number[] {
  const taken: number[] = [];
  for (let place = calendar.take(); place !== none; place = calendar.take()) taken.push(place);
  return taken;
}

void t.test('comes up when its time has passed, at most one slot later', async (t) => {
  for (const [width, span] of [
    [1, 100],
    [200, 60_000],
    [0.3, 7],
    [5_000, 1],
  ] as const) {
    await t.test(`${span} in slots of ${width}`, async (t) => againstModel(t, width, span));
  }
});

async function againstModel(t: Test, width: number, span: number): Promise<void> {
  const random = generator(16);
  const calendar = new Calendar(width, span, start);
  const capacity = 300;
  calendar.resize(capacity);
  /** The time of each place that is in the calendar. */
  const due = new Map<number, number>();
  const wrong: string[] = [];
  let now = start;
  let opened = start;
  const free = () => {
    const place = Math.floor(random() * capacity);
    return due.has(place) ? undefined : place;
  };
  const any = () => [...due.keys()][Math.floor(random() * due.size)];
  const operations = [
    () => {
      const place = free() ?? any()!;
      due.set(place, now + (random() * 1.1 - 0.1) * span);
      calendar.put(place, due.get(place)!);
    },
    () => {
      const place = any();
      if (place === undefined) return;
      calendar.remove(place);
      due.delete(place);
    },
    () => {
      const [from, to] = [any(), free()];
      if (from === undefined || to === undefined) return;
      calendar.move(from, to);
      due.set(to, due.get(from)!);
      due.delete(from);
    },
    () => {
      now += random() ** 4 * 2 * span;
      if (!calendar.open(now)) {
        if (calendar.nextOpening() <= now) wrong.push('a slot has begun and was not opened');
        return;
      }
      if (calendar.nextOpening() <= now) wrong.push('the next slot has begun already');
      const taken = takeAll(calendar);
      for (const place of taken) {
        const time = due.get(place);
        if (time === undefined) wrong.push(`${place} was not in it`);
        else if (time > now) wrong.push(`${place} ${time - now} too early`);
        due.delete(place);
      }
      for (const [place, time] of due) {
        // Put after the last slot had been opened it waits for the next.
        if (Math.max(time, opened) <= now - width - 1e-6) wrong.push(`${place} ${now - time} late`);
      }
      opened = now;
    },
  ];
  for (let step = 0; step < 100_000 && wrong.length === 0; step += 1) {
    operations[Math.floor(random() * operations.length)]!();
  }
  t.strictSame(wrong, []);
}

void t.test('what is due comes in the order of slots, and in a slot in the order in which it was put', async (t) => {
  const calendar = new Calendar(10, 100, start);
  calendar.resize(6);
  for (const [place, time] of [25, 5, 29, 8, 21].entries()) calendar.put(place, start + time);
  calendar.open(start + 50);
  t.strictSame(takeAll(calendar), [1, 3, 0, 2, 4]);
});

void t.test('what is put in a round comes up in the next, also what was due already', async (t) => {
  const calendar = new Calendar(10, 100, start);
  calendar.resize(2);
  calendar.put(0, -Infinity);
  t.equal(calendar.open(start + 9), false);
  t.equal(calendar.take(), none);
  t.equal(calendar.open(start + 10), true);
  t.equal(calendar.take(), 0);
  calendar.put(0, start);
  calendar.put(1, start + 5);
  t.equal(calendar.take(), none);
  t.equal(calendar.nextOpening(), start + 20);
  calendar.open(start + 20);
  t.strictSame(takeAll(calendar), [0, 1]);
});

void t.test('what is due and not taken yet can be removed and moved', async (t) => {
  const calendar = new Calendar(10, 100, start);
  calendar.resize(4);
  for (const place of [0, 1, 2]) calendar.put(place, start);
  calendar.open(start + 10);
  calendar.remove(0);
  calendar.move(2, 0);
  t.strictSame(takeAll(calendar), [1, 0]);
  calendar.move(1, 2); // in no ring
  calendar.resize(1);
  calendar.put(0, start);
  calendar.resize(4);
  calendar.put(3, start);
  calendar.open(start + 20);
  t.strictSame(takeAll(calendar), [0, 3]);
});

void t.test('further ahead than the slots reach it comes up early, after as many slots as there can be', async (t) => {
  const width = 20;
  const calendar = new Calendar(width, 0x7fffffff, start);
  calendar.resize(1);
  calendar.put(0, start + 0x7fffffff);
  calendar.open(start + 65_535 * width);
  t.equal(calendar.take(), none);
  calendar.open(start + 65_536 * width);
  t.equal(calendar.take(), 0);
});

void t.test('after a long time without a round everything is due', async (t) => {
  const calendar = new Calendar(10, 100, start);
  calendar.resize(10);
  for (let place = 0; place < 10; place += 1) calendar.put(place, start + 10 * place + 5);
  calendar.open(start + 1e9);
  t.strictSame(takeAll(calendar), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.equal(calendar.nextOpening(), start + 1e9 + 10);
});
