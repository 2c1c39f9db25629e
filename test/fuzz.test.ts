// Anything for every argument of every public function: a documented error or a documented result, and after an error every
// socket is as it was. FUZZ_SEED repeats a run, FUZZ_SECONDS makes a long one (npm run fuzz).
import fc, { type Arbitrary } from 'fast-check';
import { Agent } from 'node:http';
import { constants } from 'node:os';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import {
  KeepaliveError,
  LivenessMonitor,
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToAll,
  applyKeepaliveToServer,
  checkProfile,
  defineProfile,
  detectionTime,
  disableKeepalive,
  disconnectReason,
  keepaliveTraffic,
  lastHeard,
  planKeepalive,
  readKeepalive,
  readSystemKeepalive,
  readTcpInfo,
  type KeepaliveProfile,
} from 'tcp-keepalive';
import { binding } from '../dist/binding.js';
import { Hostile, Target, almost, anyProfile, anything, resolved, validProfile } from './fixtures/anything';
import { heldBy } from './fixtures/oracle';
import { everyTarget, type Scene } from './fixtures/scene';

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const longRun = process.env['FUZZ_SECONDS'];
const limits =
  longRun === undefined
    ? { numRuns: 1_500 }
    : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: Number(longRun) * 1_000 };

const profileErrors = ['ERR_INVALID_ARG_TYPE', 'ERR_KEEPALIVE_PROFILE', 'ERR_KEEPALIVE_UNSUPPORTED'];
const argumentErrors = ['ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE'];
const socketErrors = [
  'ERR_INVALID_ARG_TYPE',
  'ERR_KEEPALIVE_NOT_TCP',
  'ERR_KEEPALIVE_CLOSED',
  'ERR_KEEPALIVE_NOT_CONNECTED',
];
const disconnectReasons = ['closed', 'timed-out', 'unreachable', 'reset', 'other'];

/** Of any type, so of every type. */
type Args = readonly [never, never, never, never];

interface Subject {
  readonly args: readonly Arbitrary<unknown>[];
  /** Calls the function; answers undefined, or what is wrong with its result. */
  readonly call: (args: Args, scene: Scene) => unknown;
  /** The codes in its doc comment. */
  readonly errors: readonly string[];
}

const targetNames = [
  ...['client', 'accepted', 'server', 'TLS client', 'TLS accepted', 'TLS server', 'http2 socket', 'Unix client'],
  ...['Unix server', 'destroyed', 'half closed', 'unconnected', 'not listening', 'an empty socket', 'an empty server'],
  ...['agent', 'an empty agent', 'sockets', 'sockets, one destroyed', 'sockets and something else'],
];
const target = fc.oneof(
  fc.constantFrom(...targetNames).map((name) => new Target(name)),
  anything,
);
const fleet = fc.oneof(fc.array(target, { maxLength: 4 }), target);
const path = almost(fc.record({ idleTimeout: fc.double(), connections: fc.nat() }), ['idleTimeout', 'connections']);
const constraintNames = ['detectWithin', 'idleTimeout', 'tolerateLost'];
const constraints = almost(
  fc.record(
    { detectWithin: fc.nat(), idleTimeout: fc.nat(), tolerateLost: fc.nat(130) },
    { requiredKeys: ['detectWithin'] },
  ),
  constraintNames,
);
const liveness = almost(fc.record({ silentAfter: fc.nat(), checkEvery: fc.nat() }), ['silentAfter', 'checkEvery']);
const onError = fc.constant({ onError: () => undefined });
/** Longer ones are waited for. */
const isShort = (value: unknown) => !(typeof value === 'number' && value > 3 && value < 2 ** 31);
const spread = fc.oneof(fc.constantFrom(0, 1), anything).filter(isShort);
const aborted = fc.constantFrom('later', 'before').map((name) => new Target(`a signal aborted ${name}`));
const fleetOptions = fc.oneof(
  fc.record({ spread, signal: fc.oneof(aborted, fc.constant(undefined)) }, { requiredKeys: [] }),
  anything,
  fc.record({ spread, signal: anything }),
);

const sameKeys = (value: unknown, ...keys: string[]) =>
  JSON.stringify(Object.keys(value as object).sort()) === JSON.stringify(keys.sort()) ? undefined : value;
const isTime = (value: unknown) => typeof value === 'number' && value >= 0;
const settingNames = ['enabled', 'initialDelay', 'interval', 'count', 'userTimeout'];

/** The names of the targets whose kernel settings a call may have changed. */
let mayChange: readonly string[] = [];

const subjects: Record<string, Subject> = {
  defineProfile: {
    args: [anyProfile],
    errors: profileErrors,
    call([profile]) {
      const defined = defineProfile(profile);
      const problem = Object.isFrozen(defined) ? undefined : 'not frozen';
      return problem ?? (heldBy(defined).every(Number.isInteger) ? undefined : defined);
    },
  },
  detectionTime: {
    args: [anyProfile],
    errors: profileErrors,
    call([profile]) {
      const { idle, inFlight } = detectionTime(profile);
      return isTime(idle) && (inFlight === null || isTime(inFlight)) ? undefined : { idle, inFlight };
    },
  },
  keepaliveTraffic: {
    args: [anyProfile],
    errors: profileErrors,
    call([profile]) {
      const traffic = keepaliveTraffic(profile);
      return Object.values(traffic).every((value) => isTime(value) && value > 0) ? undefined : traffic;
    },
  },
  checkProfile: {
    args: [anyProfile, path],
    errors: [...profileErrors, ...argumentErrors],
    call([profile, where]) {
      const findings = checkProfile(profile, where);
      const bad = findings.find(({ code, message }) => !/^[A-Z_]+$/.test(code) || /NaN|undefined|object/.test(message));
      return bad;
    },
  },
  planKeepalive: {
    args: [constraints],
    errors: [...argumentErrors, 'ERR_KEEPALIVE_PLAN'],
    call([asked]) {
      const plan = planKeepalive(asked);
      return heldBy(plan).every(Number.isInteger) ? undefined : plan;
    },
  },
  disconnectReason: {
    args: [anything],
    errors: [],
    call: ([error]) => (disconnectReasons.includes(disconnectReason(error)) ? undefined : disconnectReason(error)),
  },
  readSystemKeepalive: {
    args: [anything],
    errors: [],
    call: (args) => sameKeys((readSystemKeepalive as (...all: unknown[]) => unknown)(...args), ...settingNames),
  },
  applyKeepalive: {
    args: [target, anyProfile],
    errors: [...profileErrors, ...socketErrors],
    call([socket, profile], scene) {
      mayChange = namesOf(scene, [socket]);
      const now = applyKeepalive(socket, profile);
      if (typeof now !== 'boolean') return now;
      const [name] = mayChange;
      if (name === undefined || !now) return undefined;
      // Read again: a profile that lies holds something else by now, but the kernel one that was checked.
      const [enabled, ...timing] = scene.kernel()[name]!;
      return enabled === 1 && timing.every((value) => value >= 0) ? undefined : timing;
    },
  },
  disableKeepalive: {
    args: [target],
    errors: socketErrors,
    call([socket], scene) {
      mayChange = namesOf(scene, [socket]);
      disableKeepalive(socket);
      const holding = mayChange.map((name) => scene.kernel()[name]);
      return holding.find((values) => values !== undefined && values[0] !== 0);
    },
  },
  readKeepalive: {
    args: [target],
    errors: socketErrors,
    call: ([socket]) => sameKeys(readKeepalive(socket), ...settingNames),
  },
  readTcpInfo: {
    args: [target],
    errors: [...socketErrors, 'ERR_KEEPALIVE_UNSUPPORTED'],
    call([socket]) {
      const { state, ...values } = readTcpInfo(socket);
      const wrong = Object.values(values).some((value) => value !== null && !isTime(value));
      return wrong || (state !== null && typeof state !== 'string') ? values : undefined;
    },
  },
  lastHeard: {
    args: [target],
    errors: [...socketErrors, 'ERR_KEEPALIVE_UNSUPPORTED'],
    call([socket]) {
      const heard = lastHeard(socket);
      return heard === null || isTime(heard) ? undefined : heard;
    },
  },
  'applyKeepaliveToServer, update and stop': {
    args: [target, anyProfile, fc.oneof(onError, anything), anyProfile],
    errors: [...profileErrors, ...socketErrors],
    call([server, profile, options, next], { kernel }) {
      const before = JSON.stringify(kernel());
      const tuned = applyKeepaliveToServer(server, profile, options);
      try {
        const held = JSON.stringify(kernel());
        try {
          tuned.update(next);
        } catch (error) {
          if (JSON.stringify(kernel()) !== held) return 'update() has changed a socket and then thrown';
          throw error;
        }
      } finally {
        tuned.stop();
      }
      return JSON.stringify(kernel()) === before ? undefined : 'stop() has not put it back';
    },
  },
  'applyKeepaliveToAgent, update and stop': {
    args: [target, anyProfile, anyProfile],
    errors: profileErrors,
    call([agent, profile, next]) {
      const own = keysOf(agent);
      const tuned = applyKeepaliveToAgent(agent, profile);
      try {
        tuned.update(next);
      } finally {
        tuned.stop();
      }
      return keysOf(agent) === own ? undefined : keysOf(agent);
    },
  },
  applyKeepaliveToAll: {
    args: [fleet, anyProfile, fleetOptions],
    errors: [...profileErrors, ...argumentErrors, 'ERR_KEEPALIVE_CLOSED', 'aborted'],
    async call([sockets, profile, options], scene) {
      const asked: unknown[] = isIterable(sockets) ? [...(sockets as Iterable<unknown>)] : [];
      mayChange = namesOf(scene, asked);
      const { applied, skipped, failed } = await applyKeepaliveToAll(sockets, profile, options);
      return applied + skipped + failed.length === asked.length ? undefined : { applied, skipped, failed };
    },
  },
  LivenessMonitor: {
    args: [liveness, target, target],
    errors: [...argumentErrors, 'ERR_KEEPALIVE_NOT_TCP'],
    call([options, watched, unwatched]) {
      const monitor = new LivenessMonitor(options);
      try {
        monitor.watch(watched);
        monitor.unwatch(unwatched);
        const { connections, silent, unknown } = monitor.snapshot();
        return connections <= 1 && silent + unknown <= connections ? undefined : monitor.snapshot();
      } finally {
        monitor.stop();
      }
    },
  },
};

function keysOf(value: unknown): string {
  return value instanceof Agent ? Object.keys(value).join() : '';
}

function namesOf({ targets }: Scene, values: readonly unknown[]): string[] {
  return Object.keys(targets).filter((name) => values.includes(targets[name]));
}

function isIterable(value: unknown): boolean {
  try {
    return (Array.isArray(value) && value.length < 100) || value instanceof Set;
  } catch {
    return false;
  }
}

/** What is wrong with an error; undefined: it is documented. */
function undocumented(error: unknown, allowed: readonly string[]): string | undefined {
  if (error instanceof Hostile) return undefined; // the value's own
  if (error instanceof TypeError && /revoked|detached/.test(error.message)) return undefined; // the engine’s, of such a value
  if (!(error instanceof Error)) return `not an error: ${String(error)}`;
  const { code = '', message }: NodeJS.ErrnoException = error;
  if (error.name === 'AbortError' && allowed.includes('aborted')) return undefined;
  if (message.length > 600) return `${message.length} letters`;
  const { field, errno, syscall } = error as Partial<KeepaliveError>;
  if (error.name === 'KeepaliveError' && code in constants.errno) {
    return errno === undefined || syscall === undefined ? `incomplete: ${message}` : undefined;
  }
  if (!allowed.includes(code)) return `undocumented ${code}: ${error.stack}`;
  if (code === 'ERR_KEEPALIVE_PROFILE' && field === undefined) return 'without a field';
  const types = { ERR_INVALID_ARG_TYPE: TypeError, ERR_OUT_OF_RANGE: RangeError };
  const type = code in types ? types[code as keyof typeof types] : KeepaliveError;
  return error instanceof type ? undefined : `of the wrong class: ${error.stack}`;
}

function changed(before: Record<string, number[]>, after: Record<string, number[]>): string[] {
  return Object.keys(before).filter((name) => before[name]!.join() !== after[name]!.join());
}

function signals(name: string): unknown {
  if (name === 'a signal aborted before') return AbortSignal.abort();
  if (name !== 'a signal aborted later') return undefined;
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  return controller.signal;
}

async function check({ call, errors }: Subject, drawn: readonly unknown[], scene: Scene): Promise<void> {
  const args = drawn.map((value) => resolved(value, (name) => scene.targets[name] ?? signals(name)));
  const before = scene.kernel();
  mayChange = [];
  let problem: unknown;
  try {
    problem = await call(args as unknown as Args, scene);
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

void t.test('every public function', async (t: Test) => {
  const scene = await everyTarget(t);
  t.strictSame(Object.keys(scene.targets).sort(), [...targetNames].sort());
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
  const property = fc.property(validProfile, fc.constantFrom(...names), (profile: KeepaliveProfile, name) => {
    const left = scene.kernel()[name]![4]!;
    applyKeepalive(scene.targets[name] as Socket, profile);
    const expected = heldBy({ ...profile, userTimeout: profile.userTimeout ?? left });
    if (scene.kernel()[name]!.join() !== expected.join()) throw new Error(scene.kernel()[name]!.join());
  });
  fc.assert(property, { seed, ...limits });
});

// What V8 makes of them on their way into C++: only this package's own JavaScript calls the addon, and with integers.
void t.test('anything for every argument of the addon', async () => {
  const names = ['read', 'apply', 'try', 'readTcpInfo', 'lastHeard', 'acceptQueueLength', 'readSystem'];
  const addon = binding as unknown as Record<string, (...args: unknown[]) => unknown>;
  const property = fc.property(fc.constantFrom(...names), fc.array(anything), (name, args) => {
    const answer = addon[name]!(...args.map((value) => resolved(value, () => undefined)));
    if (name !== 'lastHeard' && !Number.isInteger(answer)) throw new Error(String(answer));
  });
  fc.assert(property, { seed, ...limits });
});
