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
