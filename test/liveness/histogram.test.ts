import t from 'tap';
import { Histogram } from '../../dist/liveness/histogram.js';

void t.test('a bound belongs to what is below it', async (t) => {
  const histogram = new Histogram();
  const { bounds } = histogram;
  for (const [place, bound] of bounds.entries()) {
    t.equal(histogram.move(Histogram.none, bound), place);
    t.equal(histogram.move(Histogram.none, bound + 1), place + 1);
  }
  t.equal(histogram.move(Histogram.none, 0), 0);
  t.equal(histogram.total, 2 * bounds.length + 1);
  t.equal(histogram.counts.length, bounds.length + 1);
});

void t.test('what moves is counted once, what leaves not at all', async (t) => {
  const histogram = new Histogram();
  const first = histogram.move(Histogram.none, 10);
  t.equal(histogram.move(first, 20), first);
  const later = histogram.move(first, 20_000);
  t.equal(histogram.counts[first], 0);
  t.equal(histogram.counts[later], 1);
  histogram.take(later);
  histogram.take(Histogram.none);
  t.equal(histogram.total, 0);
  t.ok(histogram.counts.every((count) => count === 0));
});
