// Every system call of every function, refused in turn with every error number there is (test/native/interposer.c): all or
// nothing, the error names what was refused, and no descriptor stays behind.
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { Socket, createServer } from 'node:net';
import t, { type Test } from 'tap';
import {
  KeepaliveError,
  LivenessMonitor,
  applyKeepalive,
  applyKeepaliveToAll,
  applyKeepaliveToServer,
  disableKeepalive,
  readSystemKeepalive,
} from 'tcp-keepalive';
import { handlers } from './faults/handlers';
import {
  codeOf,
  errnos,
  nameOf,
  optionOf,
  refuse,
  refuseNothing,
  syscallOf,
  takeCalls,
  type Refusable,
} from './faults/refusal';
import { kernel, other, profile, scenarios, type Prepared, type Scenario, type Scene } from './faults/scenarios';
import { Call, effectOf, held, oracle } from '../support/oracle';
import { poll } from '../support/poll';
import { withInterposer } from '../support/rerun';
import { secondCopy } from '../support/second-copy';
import { listening, tcpPair } from '../support/sockets';

withInterposer(__filename, interposed);

const descriptors = () => readdirSync('/proc/self/fd').length;

/** Sockets that only one refusal needs. */
function close(target: Prepared['target'], scene: Scene): void {
  if (target === undefined || Object.values(scene).includes(target)) return;
  if (target instanceof Socket) target.destroy();
  else target.close();
}

/** What a function calls, in its order, and whether it opens and closes a socket of its own. */
async function callsOf(prepare: Scenario, scene: Scene): Promise<Refusable[]> {
  const { run, target } = await prepare(scene);
  oracle.takeCalls();
  refuseNothing();
  await run();
  const made = takeCalls();
  close(target, scene);
  // Node's own sockets are not meant, which connections and listeners are.
  if (target !== undefined && !Object.values(scene).includes(target)) return made;
  for (const call of [Call.socket, Call.close]) {
    const scratch = { call, level: 0, name: 0, nth: 0 };
    const again = await prepare(scene);
    refuse(scratch, constants.errno.EIO);
    await (async () => again.run())().catch(() => undefined);
    if (oracle.refusals() > 0) made.push(scratch);
  }
  refuseNothing();
  return made;
}

/** Calls that are done without, which the caller cannot tell: what stands in for each is named. */
function isDoneWithout(scenario: string, refused: Refusable, errno: number): boolean {
  const { call } = refused;
  const option = optionOf(refused);
  if (call === Call.close) return true; // Linux has closed it all the same
  // No user timeout on this system, as far as can be seen.
  if (call === Call.getsockopt && option === 'TCP_USER_TIMEOUT' && errno === constants.errno.ENOPROTOOPT) return true;
  if (scenario === 'last heard' && errno === constants.errno.ENOPROTOOPT) return true; // null
  if (scenario === 'read the system') return call === Call.socket && errno === constants.errno.EAFNOSUPPORT; // IPv6
  if (call === Call.socket) return true; // an untried profile is applied untried
  // How many connections wait to be accepted: each is looked at until one was seen to have inherited.
  // Nor for how long a peer was silent: the profile is set as it is.
  return option === 'TCP_INFO';
}

/** An agent says nothing of a socket that is no TCP connection, and lets it be. */
function isLetBe(scenario: string, refused: Refusable, errno: number): boolean {
  const isDone = optionOf(refused) === 'TCP_INFO'; // without patience
  return !isDone && scenario.endsWith('its agent') && codeOf(refused, errno) === 'ERR_KEEPALIVE_NOT_TCP';
}

/** What is wrong with the answer to a refused call; undefined: nothing, null: it was not refused. */
async function problem(scenario: string, prepare: Scenario, refused: Refusable, errno: number, scene: Scene) {
  const { run, target, then, was, destroys } = await prepare(scene);
  const expected = kernel(scene);
  const before = was?.join() ?? (target === undefined ? undefined : expected.get(target));
  refuse(refused, errno);
  let error: unknown;
  let answer: unknown;
  try {
    answer = await run();
  } catch (thrown) {
    error = thrown;
  }
  const happened = oracle.refusals() > 0;
  refuseNothing();
  if (!happened) return null;
  const letBe = error === undefined && isLetBe(scenario, refused, errno);
  const isDone = error === undefined && answer !== false && !letBe;
  if (isDone && !isDoneWithout(scenario, refused, errno)) return 'swallowed';
  if (error !== undefined) {
    const wrong = wrongWith(error, refused, errno);
    if (wrong !== undefined) return wrong;
  }
  if (destroys === true && error !== undefined) {
    const { destroyed, errored } = target as Socket;
    if (!destroyed || errored !== error) return 'not destroyed with the error';
  } else if (target !== undefined) {
    const holds = isDone ? then!.join() : before;
    // A socket of the scene that was silent for long is given as much more.
    const unlent = isDone && held(target)[4]! > then![4]! ? [...held(target).slice(0, 4), then![4]] : held(target);
    const settings = (text: string | undefined) => effectOf((text ?? '').split(',').map(Number)).join();
    if (settings(unlent.join()) !== settings(holds)) return `holds ${held(target).join()}, not ${holds}`;
    expected.set(target, held(target).join());
  }
  close(target, scene);
  const changed = [...kernel(scene)].some(([one, values]) => expected.get(one) !== values);
  return changed ? 'another socket has changed' : undefined;
}

function wrongWith(error: unknown, refused: Refusable, errno: number): string | undefined {
  if (!(error instanceof KeepaliveError)) return `not ours: ${error as Error}`;
  const { code, option, syscall } = error;
  const expected = [codeOf(refused, errno), -errno, optionOf(refused), syscallOf(refused)];
  const shown = [code, error.errno, option, syscall];
  return shown.join() === expected.join() ? undefined : `${shown.join()}, not ${expected.join()}`;
}

async function refuseEach(t: Test, all: Record<string, Scenario>, scene: Scene): Promise<number> {
  let refusals = 0;
  for (const [scenario, prepare] of Object.entries(all)) {
    const calls = await callsOf(prepare, scene);
    t.ok(calls.length > 0, `${scenario}: ${calls.length} calls`);
    for (const refused of calls) {
      for (const errno of errnos) {
        const open = descriptors();
        const wrong = await problem(scenario, prepare, refused, errno, scene);
        const where = `${scenario}, ${syscallOf(refused)} ${optionOf(refused)} ${nameOf(errno)}`;
        if (wrong === null) t.fail(`${where}: not refused`);
        else refusals += 1;
        if (typeof wrong === 'string') t.fail(`${where}: ${wrong}`);
        if (all === scenarios && descriptors() !== open) t.fail(`${where}: ${descriptors() - open} descriptors stay`);
      }
    }
  }
  return refusals;
}

function interposed(): void {
  void t.test('each system call of each function, refused with each error number', async (t) => {
    const { client, accepted, server } = await tcpPair(t);
    const tuned = createServer();
    await listening(t, tuned);
    const sink = createServer((socket) => socket.on('error', () => undefined).resume());
    const scene = { client, accepted, server, tuned, port: await listening(t, sink) };
    // What is asked once in a process is asked now.
    applyKeepalive(client, profile);
    applyKeepalive(client, other);
    disableKeepalive(client);
    const open = descriptors();
    const direct = await refuseEach(t, scenarios, scene);
    t.ok(direct > 10_000, `${direct} refusals`);
    const later = await refuseEach(t, handlers, scene);
    t.ok(later > 8_000, `${later} refusals where nobody can catch them`);
    await poll('no descriptor stays', () => descriptors() === open);
  });

  void t.test('readSystemKeepalive where neither IPv6 nor IPv4 sockets can be made', async (t) => {
    oracle.refuse(Call.socket, 0, 0, 0, 2, constants.errno.EAFNOSUPPORT);
    t.throws(() => readSystemKeepalive(), { code: 'EAFNOSUPPORT', syscall: 'socket', option: undefined });
  });

  void t.test('keepaliveSupport needs no socket', async (t) => {
    const { keepaliveSupport, readSystemKeepalive } = secondCopy();
    oracle.refuse(Call.socket, 0, 0, 0, 2, constants.errno.EMFILE);
    t.equal(keepaliveSupport.userTimeout, true);
    t.throws(() => readSystemKeepalive(), { code: 'EMFILE' });
  });

  void t.test('a server whose stop is refused can be stopped later', async (t) => {
    const server = createServer();
    await listening(t, server);
    const before = held(server);
    const keepalive = applyKeepaliveToServer(server, profile);
    const during = held(server);
    oracle.refuse(Call.setsockopt, oracle.IPPROTO_TCP, oracle.TCP_KEEPCNT, 0, 1, constants.errno.EPERM);
    t.throws(() => keepalive.stop(), { code: 'EPERM', option: 'TCP_KEEPCNT' });
    t.strictSame(held(server), during);
    t.equal(keepalive.mode, 'listener', 'and goes on until then');
    keepalive.stop();
    t.strictSame(held(server), before);
  });

  void t.test('a fleet: those that refuse are listed with the error', (t) => fleet(t));

  void t.test('a monitor: what cannot be asked stays as it was', async (t) => {
    const { client } = await tcpPair(t);
    const monitor = new LivenessMonitor({ silentAfter: 1, checkEvery: 1 });
    t.teardown(() => monitor.stop());
    monitor.on('silent', () => t.fail('silent'));
    oracle.refuse(Call.getsockopt, oracle.IPPROTO_TCP, oracle.TCP_INFO, 0, 1e9, constants.errno.ENOMEM);
    oracle.takeCalls();
    monitor.watch(client);
    let asked: number[][] = [];
    while (asked.length < 10) {
      await new Promise(setImmediate);
      asked = [...asked, ...oracle.takeCalls()];
    }
    t.match(monitor.snapshot(), { connections: 1, unknown: 1, silent: 0 });
    oracle.refuse(Call.close, 0, 0, 0, 0, 0);
  });
}

async function fleet(t: Test): Promise<void> {
  const pairs = await Promise.all(Array.from({ length: 5 }, () => tcpPair(t)));
  const sockets = pairs.map(({ client }) => client);
  applyKeepalive(sockets[0]!, { ...profile }); // tried
  disableKeepalive(sockets[0]!);
  const before = sockets.map((socket) => held(socket));
  oracle.refuse(Call.setsockopt, oracle.IPPROTO_TCP, oracle.TCP_KEEPCNT, 1, 2, constants.errno.ENOMEM);
  const { applied, skipped, failed } = await applyKeepaliveToAll(sockets, profile);
  t.strictSame([applied, skipped], [3, 0]);
  t.strictSame(
    failed.map(({ socket }) => sockets.indexOf(socket)),
    [1, 2],
  );
  for (const { socket, error } of failed) {
    t.match(error, { code: 'ENOMEM', option: 'TCP_KEEPCNT', syscall: 'setsockopt' });
    t.strictSame(effectOf(held(socket)), effectOf(before[sockets.indexOf(socket)]!));
  }
}
