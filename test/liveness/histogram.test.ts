import t from 'tap';
import { Histogram } from '../../dist/liveness/histogram.js';

void t.test('a bound belongs to what is below it', async (t) => {
  for (const [place, bound] of new Histogram().bounds.entries()) {
    const histogram = new Histogram();
    histogram.add(bound);
    histogram.add(bound + 1);
    const counts = histogram.scaledTo(2);
    t.strictSame([counts[place], counts[place + 1]], [1, 1], `${bound}`);
  }
  const histogram = new Histogram();
  histogram.add(0);
  t.equal(histogram.total, 1);
  t.equal(histogram.scaledTo(1).length, histogram.bounds.length + 1);
  t.equal(histogram.scaledTo(1)[0], 1);
});

void t.test('as shares of a larger number: whole, and none is lost', async (t) => {
  const histogram = new Histogram();
  for (const value of [500, 2_000, 2_000, 10_000, 20_000, 40_000, 7_200_000]) histogram.add(value);
  for (let whole = 0; whole < 1_000; whole += 1) {
    const counts = histogram.scaledTo(whole);
    const sum = counts.reduce((total, count) => total + count, 0);
    if (sum !== whole || counts.some((count) => count < 0 || !Number.isInteger(count))) t.fail(`${whole}: ${counts}`);
  }
  t.strictSame(histogram.scaledTo(7_000).slice(0, 2), [1_000, 2_000]);
});

void t.test('of nothing there are no shares', async (t) => {
  t.ok(new Histogram().scaledTo(10).every((count) => count === 0));
});
