import t from 'tap';
import { override } from '../../dist/util/override.js';

class Counter {
  count = 0;
  add(by: number): number {
    return (this.count += by);
  }
}

const doubled = (original: Counter['add']): Counter['add'] =>
  function (this: Counter, by) {
    return original.call(this, 2 * by);
  };

void t.test('an inherited method, and back', async (t) => {
  const counter = new Counter();
  const restore = override(counter, 'add', doubled);
  t.equal(counter.add(1), 2);
  restore();
  t.notOk(Object.hasOwn(counter, 'add'));
  restore();
  t.equal(counter.add(1), 3);
});

void t.test('an own method, and back', async (t) => {
  const counter = new Counter();
  const own = (by: number) => -by;
  counter.add = own;
  const restore = override(counter, 'add', doubled);
  t.equal(counter.add(1), -2);
  restore();
  t.equal(counter.add, own);
});

void t.test('a later override by other code stays, and ours only passes calls on', async (t) => {
  const counter = new Counter();
  const restore = override(counter, 'add', doubled);
  const outer = override(counter, 'add', doubled);
  t.equal(counter.add(1), 4);
  restore();
  t.equal(counter.add(1), 6);
  outer();
  t.equal(counter.add(1), 7);
});

void t.test('many that overlap, each restored before the next', async (t) => {
  const counter = new Counter();
  let restore = override(counter, 'add', doubled);
  for (let i = 0; i < 20_000; i += 1) {
    const next = override(counter, 'add', doubled);
    restore();
    restore = next;
  }
  t.equal(counter.add(1), 2, 'one is left');
  restore();
  t.notOk(Object.hasOwn(counter, 'add'), 'and none then');
  t.equal(counter.add(1), 3);
});

void t.test('three, of which the one in the middle is restored first', async (t) => {
  const counter = new Counter();
  const restores = [1, 2, 3].map(() => override(counter, 'add', doubled));
  t.equal(counter.add(1), 8);
  restores[1]!();
  restores[1]!();
  t.equal(counter.add(1), 12);
  restores[0]!();
  t.equal(counter.add(1), 14);
  restores[2]!();
  t.notOk(Object.hasOwn(counter, 'add'));
});

void t.test('an object and its prototype', async (t) => {
  class Special extends Counter {}
  const counter = new Special();
  const ofAll = override(Counter.prototype, 'add', doubled);
  const ofOne = override(counter, 'add', doubled);
  t.equal(counter.add(1), 4);
  ofAll();
  t.equal(counter.add(1), 6);
  ofOne();
  t.notOk(Object.hasOwn(counter, 'add'));
  t.equal(counter.add(1), 7);
});
