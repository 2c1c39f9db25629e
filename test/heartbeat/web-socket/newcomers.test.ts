import t from 'tap';
import { Newcomers } from '../../../dist/heartbeat/web-socket/newcomers.js';

void t.test('a walk past many known clients finds the new one, in steps', async (t) => {
  const known = new Set(Array.from({ length: 200 }, (_, index) => index));
  const all = new Set([...known, 1_000]);
  const met: number[] = [];
  const newcomers = new Newcomers(all, 3);
  const isKnown = (element: number) => known.has(element);
  const step = () => newcomers.step(isKnown, (element) => void met.push(element));
  t.equal(step(), false, 'no walk was started');
  newcomers.look(known.size);
  let parts = 0;
  while (step()) parts += 1;
  t.strictSame(met, [1_000]);
  t.ok(parts > 2, `${parts} parts`);
  for (const walks of [false, false, true]) {
    newcomers.look(all.size);
    t.equal(step(), walks, 'as many as are known: every third look walks');
  }
});
