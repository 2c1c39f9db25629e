import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Alarm, type Work } from '../../dist/util/alarm.js';
import { poll } from '../support/poll';
import { caught } from '../support/uncaught';

function alarm(t: Test, work: Work): Alarm {
  const made = new Alarm(work);
  t.teardown(() => made.stop());
  return made;
}

void t.test('a round begins once and steps until nothing is left; the next starts when it is due', async (t) => {
  const calls: string[] = [];
  let left = 0;
  let rounds = 0;
  const made = alarm(t, {
    begin: () => {
      calls.push('begin');
      left = 3;
    },
    step: () => {
      calls.push('step');
      return (left -= 1) > 0;
    },
    next: (now) => {
      calls.push('next');
      return (rounds += 1) === 2 ? Infinity : now + 20;
    },
  });
  await delay(20);
  t.strictSame(calls, [], 'nothing before it is told to');
  made.by(0);
  made.by(0);
  t.strictSame(calls, [], 'not within the call');
  await poll('two rounds', () => rounds === 2);
  await delay(60);
  const round = ['begin', 'step', 'step', 'step', 'next'];
  t.strictSame(calls, [...round, ...round]);
  made.by(performance.now() + 10);
  await poll('a third', () => rounds === 3);
});

void t.test('the event loop gets its turn after half a millisecond', async (t) => {
  let left = 2_000;
  const alarmed = alarm(t, {
    step: () => {
      const end = performance.now() + 0.05;
      while (performance.now() < end);
      return (left -= 1) > 0;
    },
    next: () => Infinity,
  });
  let turns = 0;
  const count = () => {
    turns += 1;
    if (left > 0) setImmediate(count);
  };
  setImmediate(count);
  alarmed.by(0);
  await poll('the end', () => left <= 0);
  t.ok(turns > 100, `${turns} turns in 100 ms of work`);
});

void t.test('a step that throws ends neither its round nor later ones', async (t) => {
  const thrown = caught(t);
  let steps = 0;
  let rounds = 0;
  const alarmed = alarm(t, {
    begin() {
      throw new Error('begin');
    },
    step() {
      steps += 1;
      if (steps === 1) throw new Error('step');
      return false;
    },
    next: () => ((rounds += 1) === 2 ? Infinity : 0),
  });
  alarmed.by(0);
  await poll('two rounds', () => rounds === 2);
  t.strictSame(thrown, ['begin', 'step', 'begin']);
});

void t.test('a step can stop it, and start it again', async (t) => {
  let steps = 0;
  let again = false;
  const alarmed = alarm(t, {
    step() {
      steps += 1;
      alarmed.stop();
      if (again) alarmed.by(0);
      again = false;
      return true;
    },
    next: () => 0,
  });
  alarmed.by(0);
  await poll('a step', () => steps > 0);
  await delay(50);
  t.equal(steps, 1);
  again = true;
  alarmed.by(0);
  await poll('two more', () => steps === 3);
  await delay(50);
  t.equal(steps, 3);
});

void t.test('it runs in the context in which it was made, even if a step changes its own', async (t) => {
  const store = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const made = store.run('maker', () =>
    alarm(t, {
      begin: () => {
        seen.push(store.getStore());
        store.enterWith('begin');
      },
      step: () => {
        const own = store.getStore();
        seen.push(own);
        store.enterWith('step');
        return own === 'begin';
      },
      next: (now) => (seen.length < 12 ? now + 1 : Infinity),
    }),
  );
  store.run('a request', () => made.by(0));
  await poll('four rounds', () => seen.length >= 12);
  t.strictSame(seen.slice(0, 6), ['maker', 'begin', 'step', 'maker', 'begin', 'step']);
});
