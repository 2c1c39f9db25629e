// Anything for every argument of every public function: a documented error or a documented result, and after an error every
// socket is as it was. FUZZ_SEED repeats a run, FUZZ_SECONDS makes a long one (npm run fuzz).
import fc from 'fast-check';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import * as root from 'tcp-keepalive';
import * as heartbeat from 'tcp-keepalive/heartbeat';
import { binding } from '../../dist/addon/binding.js';
import { anything, resolved, validProfile } from './fuzz/values';
import { heldBy } from '../support/oracle';
import { everyTarget, type Scene } from './fuzz/scene';
import { signals, targetNames } from './fuzz/arguments';
import { heartbeatSubjects } from './fuzz/heartbeat-subjects';
import { rootSubjects } from './fuzz/root-subjects';
import { namesOf, type Args, type Subject } from './fuzz/subject';
import { undocumented } from './fuzz/undocumented';

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const longRun = process.env['FUZZ_SECONDS'];
const limits =
  longRun === undefined
    ? { numRuns: 1_500 }
    : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: Number(longRun) * 1_000 };

/** Exported, and no functions. */
const constants = ['keepaliveSupport', 'paths', 'profiles'];
const subjects = { ...rootSubjects, ...heartbeatSubjects };

function changed(before: Record<string, number[]>, after: Record<string, number[]>): string[] {
  return Object.keys(before).filter((name) => before[name]!.join() !== after[name]!.join());
}

async function check({ call, errors, changes }: Subject, drawn: readonly unknown[], scene: Scene): Promise<void> {
  const args = drawn.map((value) => resolved(value, (name) => scene.targets[name] ?? signals(name))) as unknown as Args;
  const before = scene.kernel();
  let mayChange = namesOf(scene, changes?.(args) ?? []);
  let problem: unknown;
  try {
    problem = await call(args, scene);
  } catch (error) {
    if ((error as { name?: unknown }).name !== 'AbortError') mayChange = []; // it ends on the way
    problem = undocumented(error, errors);
  }
  if (problem !== undefined) throw new Error(typeof problem === 'string' ? problem : fc.stringify(problem));
  const others = changed(before, scene.kernel()).filter((name) => !mayChange.includes(name));
  if (others.length > 0) throw new Error(`changed: ${others.join(', ')}`);
}

t.comment(`FUZZ_SEED=${seed}`);
process.setMaxListeners(0);

void t.test('anything for every argument of every public function', async (t: Test) => {
  const scene = await everyTarget(t);
  t.strictSame(Object.keys(scene.targets).sort(), [...targetNames].sort());
  const exported = [...Object.keys(root), ...Object.keys(heartbeat)].filter((name) => !constants.includes(name));
  t.strictSame(Object.keys(subjects).sort(), exported.sort(), 'all that is exported');
  for (const [name, subject] of Object.entries(subjects)) {
    const property = fc.asyncProperty(fc.tuple(...subject.args), (args) => check(subject, args, scene));
    const details = await fc.check(property, { seed, ...limits });
    const found = details.failed ? await fc.asyncDefaultReportMessage(details) : '';
    t.notOk(details.failed, `${name}: ${details.numRuns} runs`, { found, error: details.errorInstance });
  }
});

void t.test('a valid profile is what the kernel then holds', async (t) => {
  const scene = await everyTarget(t);
  const names = ['client', 'accepted', 'TLS client', 'TLS accepted', 'http2 socket'];
  const property = fc.property(validProfile, fc.constantFrom(...names), (profile: root.KeepaliveProfile, name) => {
    const left = scene.kernel()[name]![4]!;
    root.applyKeepalive(scene.targets[name] as Socket, profile);
    const expected = heldBy({ ...profile, userTimeout: profile.userTimeout ?? left });
    const holds = scene.kernel()[name]!;
    // A socket of the scene that was silent is owed as much: its user timeout is longer until it is heard. What an
    // earlier profile owed is no part of the user timeout that is left.
    const owed = holds[4]! - expected[4]!;
    const mayOwe = owed > 0 || profile.userTimeout === undefined;
    if (expected[4]! > 0 && mayOwe && Math.abs(owed) <= performance.now()) holds[4] = expected[4]!;
    if (holds.join() !== expected.join()) throw new Error(holds.join());
  });
  fc.assert(property, { seed, ...limits });
});

// What V8 makes of them on their way into C++: only this package's own JavaScript calls the addon, and with integers.
void t.test('anything for every argument of the addon', async () => {
  const names = ['read', 'apply', 'try', 'readTcpInfo', 'lastHeard', 'acceptQueueLength', 'readSystem'];
  const addon = binding as unknown as Record<string, (...args: unknown[]) => unknown>;
  const settings = fc.int32Array({ minLength: 5, maxLength: 5 });
  const property = fc.property(fc.constantFrom(...names), fc.array(anything), settings, (name, args, wanted) => {
    binding.slots.set(wanted);
    const answer = addon[name]!(...args.map((value) => resolved(value, () => undefined)));
    if (name !== 'lastHeard' && !Number.isInteger(answer)) throw new Error(String(answer));
  });
  fc.assert(property, { seed, ...limits });
});
