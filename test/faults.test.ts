// Every system call of every function, refused in turn with every error number there is (test/native/interposer.c): all or
// nothing, the error names what was refused, and no descriptor stays behind.
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import {
  KeepaliveError,
  LivenessMonitor,
  applyKeepalive,
  applyKeepaliveToAll,
  applyKeepaliveToServer,
  disableKeepalive,
  lastHeard,
  readKeepalive,
  readSystemKeepalive,
  readTcpInfo,
} from 'tcp-keepalive';
import { Call, held, optionName, oracle, poke, type OptionName } from './fixtures/oracle';
import { other, profile } from './fixtures/profiles';
import { withInterposer } from './fixtures/rerun';
import { secondCopy } from './fixtures/second-copy';
import { listening, tcpPair } from './fixtures/sockets';

withInterposer(__filename, interposed);

interface Scene {
  readonly client: Socket;
  readonly server: Server;
  /** Listens with a profile. */
  readonly tuned: Server;
}

/** A system call as the interposer finds it again: the nth of its kind. */
interface Refusable {
  readonly call: Call;
  readonly level: number;
  readonly name: number;
  readonly nth: number;
}

/** Brings the sockets to where the call under test finds them, and answers that call. */
type Scenario = (scene: Scene) => () => unknown;

let unique = 100_000;
const untried = () => ({ ...profile, initialDelay: (unique += 1_000) });

function putAll(target: Socket | Server, values: readonly number[]): void {
  const names = ['SO_KEEPALIVE', 'TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT', 'TCP_USER_TIMEOUT'] as const;
  values.forEach((value, i) => poke(target, names[i]!, value));
}

const scenarios: Record<string, Scenario> = {
  'apply to a fresh socket': ({ client }) => {
    putAll(client, [0, 17, 3, 2, 1_234]);
    return () => applyKeepalive(client, profile);
  },
  'apply to one that has another profile': ({ client }) => {
    applyKeepalive(client, other);
    return () => applyKeepalive(client, profile);
  },
  'apply what this process has not tried': ({ client }) => {
    applyKeepalive(client, other);
    const wanted = untried();
    return () => applyKeepalive(client, wanted);
  },
  disable: ({ client }) => {
    applyKeepalive(client, profile);
    return () => disableKeepalive(client);
  },
  read:
    ({ client }) =>
    () =>
      readKeepalive(client),
  'read a server':
    ({ server }) =>
    () =>
      readKeepalive(server),
  'read the system': () => readSystemKeepalive,
  'tcp info':
    ({ client }) =>
    () =>
      readTcpInfo(client),
  'last heard':
    ({ client }) =>
    () =>
      lastHeard(client),
  'a server is tuned': ({ server }) => {
    applyKeepaliveToServer(server, profile).stop();
    putAll(server, [0, 7_200, 75, 9, 0]); // one that had no user timeout to read has not put it back
    return () => applyKeepaliveToServer(server, profile);
  },
  'a server is let go': ({ server }) => {
    const keepalive = applyKeepaliveToServer(server, profile);
    return () => {
      keepalive.stop();
    };
  },
  'a server gets another profile': ({ tuned }) => {
    const keepalive = applyKeepaliveToServer(tuned, profile);
    return () => {
      keepalive.update(other);
    };
  },
};

const errnos = Object.entries(constants.errno).filter(
  ([name, number]) => !name.startsWith('WSA') && Object.values(constants.errno).indexOf(number) === indexOf(name),
);

/** EAGAIN and EWOULDBLOCK are one number. */
function indexOf(name: string): number {
  return Object.keys(constants.errno).indexOf(name);
}

const descriptors = () => readdirSync('/proc/self/fd').length;
const kernel = ({ client, server, tuned }: Scene) => [client, server, tuned].map((target) => held(target));

function refuse({ call, level, name, nth }: Refusable, errno: number, times = 1): void {
  oracle.refuse(call, level, name, nth, times, errno);
}

/** What a function calls, in its order; with `socket` and `close`, which it may not. */
function callsOf(run: () => unknown): Refusable[] {
  oracle.takeCalls();
  run();
  const made: Refusable[] = [];
  for (const [, set, level, name] of oracle.takeCalls()) {
    const call = set === 1 ? Call.setsockopt : Call.getsockopt;
    const nth = made.filter((one) => one.call === call && one.level === level && one.name === name).length;
    made.push({ call, level: level!, name: name!, nth });
  }
  const scratch = [Call.socket, Call.close].map((call) => ({ call, level: 0, name: 0, nth: 0 }));
  return [...made, ...scratch];
}

function codeOf(call: Call, errnoName: string): string {
  if (call === Call.socket) return errnoName;
  if (errnoName === 'ENOPROTOOPT') return 'ERR_KEEPALIVE_UNSUPPORTED';
  return ['ENOTSOCK', 'ENOTSUP', 'EOPNOTSUPP'].includes(errnoName) ? 'ERR_KEEPALIVE_NOT_TCP' : errnoName;
}

function optionOf({ level, name }: Refusable): OptionName | 'TCP_INFO' | undefined {
  return level === oracle.IPPROTO_TCP && name === oracle.TCP_INFO ? 'TCP_INFO' : optionName(level, name);
}

/** Calls that are done without, which the caller cannot tell: what stands in for each is named. */
function isDoneWithout(scenario: string, { call, ...rest }: Refusable, errno: number): boolean {
  const option = optionOf({ call, ...rest });
  if (call === Call.close) return true; // Linux has closed it all the same
  // No user timeout on this system, as far as can be seen.
  if (call === Call.getsockopt && option === 'TCP_USER_TIMEOUT' && errno === constants.errno.ENOPROTOOPT) return true;
  if (scenario === 'last heard' && errno === constants.errno.ENOPROTOOPT) return true; // null
  if (scenario === 'read the system') return call === Call.socket && errno === constants.errno.EAFNOSUPPORT; // IPv6
  if (call === Call.socket) return true; // an untried profile is applied untried
  // How many connections wait to be accepted: each is looked at until one was seen to have inherited.
  return option === 'TCP_INFO' && scenario.startsWith('a server');
}

/** What is wrong with the answer to a refused call; undefined: nothing. */
function problem(scenario: string, refused: Refusable, errnoName: string, errno: number, scene: Scene) {
  const run = scenarios[scenario]!(scene);
  const before = kernel(scene);
  const open = descriptors();
  let error: unknown;
  refuse(refused, errno);
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  oracle.refuse(Call.close, 0, 0, 0, 0, 0);
  if (descriptors() !== open) return `${descriptors() - open} descriptors stay`;
  if (error === undefined) return isDoneWithout(scenario, refused, errno) ? undefined : 'swallowed';
  if (!(error instanceof KeepaliveError)) return `not ours: ${error as Error}`;
  const { code, option, syscall } = error;
  const expected = [codeOf(refused.call, errnoName), -errno, optionOf(refused), Object.keys(Call)[refused.call]];
  const shown = [code, error.errno, option, syscall];
  if (shown.join() !== expected.join()) return `${shown.join()}, not ${expected.join()}`;
  const after = kernel(scene);
  return JSON.stringify(after) === JSON.stringify(before) ? undefined : 'a socket has changed';
}

function interposed(): void {
  void t.test('each call of each function', async (t) => {
    const { client, server } = await tcpPair(t);
    const tuned = createServer();
    await listening(t, tuned);
    const scene = { client, server, tuned };
    // What is asked once in a process is asked now.
    applyKeepalive(client, profile);
    applyKeepalive(client, other);
    disableKeepalive(client);
    let refusals = 0;
    for (const [scenario, prepare] of Object.entries(scenarios)) {
      const calls = callsOf(prepare(scene));
      t.ok(calls.length > 2, `${scenario}: ${calls.length} calls`);
      for (const refused of calls) {
        for (const [errnoName, errno] of errnos) {
          const wrong = problem(scenario, refused, errnoName, errno, scene);
          refusals += 1;
          if (wrong === undefined) continue;
          t.fail(`${scenario}, ${Object.keys(Call)[refused.call]} ${optionOf(refused)} ${errnoName}: ${wrong}`);
        }
      }
    }
    t.ok(refusals > 5_000, `${refusals} refusals`);
  });

  void t.test('no socket of either family', async (t) => {
    oracle.refuse(Call.socket, 0, 0, 0, 2, constants.errno.EAFNOSUPPORT);
    t.throws(() => readSystemKeepalive(), { code: 'EAFNOSUPPORT', syscall: 'socket', option: undefined });
  });

  void t.test('what this OS offers is told without a socket', async (t) => {
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
  applyKeepalive(sockets[0]!, profile); // tried
  disableKeepalive(sockets[0]!);
  const before = sockets.map((socket) => held(socket));
  oracle.refuse(Call.setsockopt, oracle.IPPROTO_TCP, oracle.TCP_KEEPCNT, 1, 2, constants.errno.ENOMEM);
  const { applied, skipped, failed } = await applyKeepaliveToAll(sockets, profile);
  t.strictSame([applied, skipped], [3, 0]);
  t.strictSame(
    failed.map(({ socket }) => sockets.indexOf(socket)),
    // The first holds the count already.
    [2, 3],
  );
  for (const { socket, error } of failed) {
    t.match(error, { code: 'ENOMEM', option: 'TCP_KEEPCNT', syscall: 'setsockopt' });
    t.strictSame(held(socket), before[sockets.indexOf(socket)]);
  }
}
