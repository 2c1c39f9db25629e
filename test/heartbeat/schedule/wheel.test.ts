// The spread of the turns, on simulated time: what it promises must hold to the slot, whatever a machine does.
import t from 'tap';
import { Seat, Wheel } from '../../../dist/heartbeat/schedule/wheel.js';

const period = 30_000;
const tick = 10;
/** A slot or two. */
const slack = period / 32;
const parts = 32;

class Item extends Seat {
  readonly turns: number[] = [];
}

/** Turns the wheel until `end`; each item that has its turn is given another one period later. */
function run(
  wheel: Wheel<Item>,
  from: number,
  end: number,
  again = (item: Item, now: number) => wheel.seatBy(item, now + period),
): void {
  for (let now = from; now <= end; now = Math.max(now + tick, Math.min(end + tick, wheel.next(now)))) {
    wheel.turn(now);
    for (let item = wheel.take(); item !== undefined; item = wheel.take()) {
      item.turns.push(now);
      again(item, now);
    }
  }
}

/** The most turns in one part of the time, to the average. */
function unevenness(items: readonly Item[], from: number, end: number): number {
  const counts = new Array<number>(parts).fill(0);
  let total = 0;
  for (const time of items.flatMap(({ turns }) => turns)) {
    if (time < from || time >= end) continue;
    counts[Math.floor(((time - from) * parts) / (end - from))]! += 1;
    total += 1;
  }
  return Math.max(...counts) / (total / parts);
}

void t.test('10,000 items that come within one second get turns evenly over the period', async (t) => {
  const wheel = new Wheel<Item>(period, 0);
  const items = Array.from({ length: 10_000 }, () => new Item());
  for (let now = 0, next = 0; now < 1_000; now += tick) {
    wheel.turn(now);
    while (next < ((now + tick) * items.length) / 1_000) wheel.seat(items[next++]!);
    for (let item = wheel.take(); item !== undefined; item = wheel.take()) {
      item.turns.push(now);
      wheel.seatBy(item, now + period);
    }
  }
  run(wheel, 1_000, 5 * period);
  for (let round = 0; round < 4; round += 1) {
    const worst = unevenness(items, 1_000 + round * period, 1_000 + (round + 1) * period);
    t.ok(
      worst < 1.5,
      `round ${round}: the fullest thirty-second part of the period has ${worst.toFixed(2)} of the average`,
    );
  }
  for (const { turns } of items) {
    const gaps = turns.map((time, index) => time - (turns[index - 1] ?? 0));
    if (Math.max(...gaps) > period + 1_000 + slack) t.fail(`a turn after ${Math.max(...gaps)} ms`);
    if (turns.length < 4) t.fail(`${turns.length} turns`);
  }
});

void t.test('10,000 items that are all heard at the same moment', async (t) => {
  const wheel = new Wheel<Item>(period, 0);
  const items = Array.from({ length: 10_000 }, () => new Item());
  for (const item of items) wheel.seat(item);
  run(wheel, 0, period);
  // At the first turn from here on each is told that it spoke at the start of this period.
  const told = new Set<Item>();
  run(wheel, period + tick, 5 * period, (item, now) => {
    const spoke = !told.has(item);
    told.add(item);
    if (spoke) item.turns.pop();
    wheel.seatBy(item, spoke ? 2 * period : now + period);
  });
  const worst = unevenness(items, 3 * period, 4 * period);
  t.ok(
    worst < 2.5,
    `the fullest thirty-second part has ${worst.toFixed(2)} of the average; without a wheel it has all, 32 times`,
  );
  t.ok(Math.max(...items.map(({ turns }) => turns.find((time) => time > period) ?? Infinity)) <= 2 * period + slack);
});

void t.test('an item that is due at a time gets its turn then, if there is room', async (t) => {
  const wheel = new Wheel<Item>(period, 0);
  const items = Array.from({ length: 100 }, () => new Item());
  items.forEach((item, index) => wheel.seatBy(item, 500 + index * 290));
  run(wheel, 0, period - tick, () => undefined);
  items.forEach(({ turns }, index) => {
    const due = 500 + index * 290;
    if (turns.length !== 1 || turns[0]! > due + tick || turns[0]! < due - period / 64 - tick)
      t.fail(`${turns} for ${due}`);
  });
  t.equal(wheel.next(period), Infinity, 'nobody is left');
});

void t.test('an item whose turn came early gets another one by the time it is due, where there is room', async (t) => {
  const early = (others: number) => {
    const wheel = new Wheel<Item>(period, 0);
    const item = new Item();
    wheel.seatBy(item, slack / 2);
    // As many in each of the slots.
    for (let index = 0; index < others; index += 1) wheel.seatBy(new Item(), slack + index * (period / others));
    wheel.turn(slack / 2 + tick);
    t.equal(wheel.take(), item);
    return { wheel, item };
  };
  const due = period / 2;
  const { wheel, item } = early(128);
  t.equal(wheel.postpone(item, slack / 2), false, 'it is due');
  t.equal(item.slot, -1);
  t.equal(wheel.postpone(item, due), true);
  run(wheel, slack, period, () => undefined);
  t.ok(item.turns[0]! > due - slack && item.turns[0]! <= due + tick, `due at ${due}, its turn at ${item.turns}`);

  const full = early(0);
  for (let index = 0; index < 400; index += 1) full.wheel.seatBy(new Item(), due);
  t.equal(full.wheel.postpone(full.item, due), false, 'no slot until then has room');
});

void t.test('after an hour without a turn no item gets two at once, and not all get theirs at once', async (t) => {
  const wheel = new Wheel<Item>(period, 0);
  const items = Array.from({ length: 5_000 }, () => new Item());
  for (const item of items) wheel.seat(item);
  run(wheel, 3_600_000, 3_600_000 + 3 * period);
  const first = items.map(({ turns }) => turns[0]! - 3_600_000);
  t.ok(Math.max(...first) <= period / 4 + 1_000, `the last after ${Math.max(...first)} ms`);
  t.ok(first.filter((time) => time < period / 40).length < items.length / 5, 'and they are spread');
  for (const { turns } of items) if (turns[1]! - turns[0]! < period / 2 - 2 * slack) t.fail(`${turns}`);
});

void t.test('an item can leave from any place', async (t) => {
  const wheel = new Wheel<Item>(100, 0);
  const items = Array.from({ length: 50 }, () => new Item());
  for (const item of items) wheel.seatBy(item, 50);
  for (const item of items.filter((_, index) => index % 3 === 0)) wheel.unseat(item);
  wheel.unseat(items[0]!);
  run(wheel, 0, 200, () => undefined);
  t.strictSame(
    items.map(({ turns }) => turns.length),
    items.map((_, index) => (index % 3 === 0 ? 0 : 1)),
  );
});

void t.test('any period', async (t) => {
  for (const length of [1, 2, 3, 10, 1_023, 1_025, 550_000, 0x7fffffff]) {
    const wheel = new Wheel<Item>(length, 5);
    const item = new Item();
    wheel.seat(item);
    const due = wheel.next(5);
    t.ok(due > 5 && due <= 5 + length + 2, `${length}: ${due}`);
    wheel.turn(due);
    t.equal(wheel.take(), item, `${length}`);
    t.equal(wheel.take(), undefined);
  }
});
