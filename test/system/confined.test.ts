// Processes that may do little: no descriptor left, a sandbox that forbids the calls, a read-only file system, no rights.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { testAddons } from '../support/oracle';

type Held = Record<string, number[] | null>;

interface Outcome {
  readonly answers: Record<string, unknown>;
  /** What the kernel held for a connection at first, and after which call, as support/oracle.ts has it. */
  readonly before: number[];
  readonly held: Held;
  /** The timer that runs at the end for the connection that `applyKeepaliveToAll` was given, by `ss`. */
  readonly timer: string | null;
  /** How many more there are at the end, when all is closed. */
  readonly descriptors: number;
}

const calls = [
  'readSystemKeepalive',
  'readKeepalive',
  'readTcpInfo',
  'lastHeard',
  'applyKeepalive',
  'applyKeepaliveToAll',
  'applyKeepaliveToServer',
  'applyKeepaliveToAgent',
  'disableKeepalive',
  'LivenessMonitor',
];
/** What each call leaves in the kernel: that of every-call.js, and null for what is closed. */
const applied: Held = {
  applyKeepalive: [1, 41, 1, 5, 89_000],
  applyKeepaliveToAll: [1, 41, 2, 5, 89_000],
  applyKeepaliveToServer: [1, 41, 3, 5, 89_000],
  applyKeepaliveToAgent: [1, 41, 4, 5, 89_000],
  disableKeepalive: [0, 41, 1, 5, 0],
};
/** An agent gives up the connection that refuses. */
const untouched = (settings: number[]): Held => ({
  ...Object.fromEntries(Object.keys(applied).map((call) => [call, settings])),
  applyKeepaliveToAgent: null,
});

const root = path.join(__dirname, '..', '..');
/** What makes the calls. */
const everyCall = path.join('test', 'system', 'confined', 'every-call.js');
/** Tap gives its loader to each process; another user may not be able to read that. */
const withoutLoader = ['env', '--unset=NODE_OPTIONS'];
const here = { node: process.execPath, root };
const linux = process.platform === 'linux' ? false : 'Linux';
const inCi = process.env['CI'] !== undefined;

function run(t: Test, command: readonly string[], args: readonly string[] = [], { node, root } = here): Outcome {
  const [program, ...rest] = [...command, ...withoutLoader, node, path.join(root, everyCall), ...args];
  const { status, stdout, stderr } = spawnSync(program!, rest, { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) t.fail(`${program} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Outcome;
}

/** Every call succeeds but these. */
function succeedsBut(refused: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...Object.fromEntries(calls.map((name) => [name, true])), ...refused };
}

/** Every call leaves what it should in the kernel; these, which change nothing, are refused. */
function doesAllBut(t: Test, outcome: Outcome, refused: Record<string, unknown> = {}): void {
  t.strictSame(outcome.answers, succeedsBut(refused));
  t.strictSame(outcome.held, applied);
  t.equal(outcome.timer, 'keepalive');
  t.equal(outcome.descriptors, 0);
}

/** Why a command cannot be run here; false: it can. In CI everything can. */
function missing(command: readonly string[]): string | false {
  const [program, ...args] = [...command, 'true'];
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (inCi || status === 0) return linux;
  return linux || `${program}: ${error?.message ?? stderr.trim()}`;
}

void t.test('a process that is not confined', { skip: linux }, async (t) => {
  doesAllBut(t, run(t, []));
});

const limited = ['prlimit', '--nofile=100'];
void t.test('out of descriptors: only what needs one is refused', { skip: missing(limited) }, async (t) => {
  doesAllBut(t, run(t, limited, ['--exhausted']), { readSystemKeepalive: 'EMFILE socket' });
});

const sandbox = path.join(testAddons, 'sandbox');
for (const name of ['EPERM', 'EACCES', 'ENOSYS'] as const) {
  const errno = String(constants.errno[name]);
  void t.test(`seccomp forbids setsockopt: ${name}`, { skip: linux }, async (t) => {
    const outcome = run(t, [sandbox, 'setsockopt', errno]);
    const call = `${name} setsockopt TCP_KEEPIDLE`;
    const refused = ['applyKeepalive', 'applyKeepaliveToAll', 'applyKeepaliveToServer', 'applyKeepaliveToAgent'];
    t.strictSame(outcome.answers, succeedsBut(Object.fromEntries(refused.map((key) => [key, call]))));
    t.equal(outcome.before[0], 0);
    t.strictSame(outcome.held, untouched(outcome.before));
    t.equal(outcome.timer, null);
    t.equal(outcome.descriptors, 0);
  });

  void t.test(`seccomp forbids getsockopt: ${name}`, { skip: linux }, async (t) => {
    const outcome = run(t, [sandbox, 'getsockopt', errno]);
    const refused = calls.filter((key) => !['readTcpInfo', 'lastHeard', 'LivenessMonitor'].includes(key));
    const call = `${name} getsockopt SO_KEEPALIVE`;
    t.strictSame(outcome.answers, succeedsBut(Object.fromEntries(refused.map((key) => [key, call]))));
    t.equal(outcome.timer, null, 'nothing was set, as far as it can be seen without getsockopt');
    t.equal(outcome.descriptors, 0);
  });
}

// Mounts are made read-only from the last to the first, so that none hides another.
const script = `
  tac /proc/self/mounts | while read -r _ point _; do mount -o remount,bind,ro "$point" 2> /dev/null || true; done
  if touch "$0/probe" 2> /dev/null || touch /tmp/probe 2> /dev/null; then echo 'not read-only' >&2; exit 1; fi
  exec "$@"`;
const namespace =
  process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--user', '--map-root-user', '--mount'];
const readOnly = [...namespace, 'sh', '-c', script, root];
void t.test('a read-only container', { skip: missing(readOnly) }, async (t) => {
  doesAllBut(t, run(t, readOnly));
});

const nobody = [
  'setpriv',
  '--no-new-privs',
  '--inh-caps=-all',
  '--bounding-set=-all',
  '--reuid=65534',
  '--regid=65534',
  '--clear-groups',
];
/**
 * The package and what makes the calls, in a folder that every user can read: the checkout may be in a folder that others
 * cannot enter, and so may this Node.
 */
function readableByOthers(t: Test): typeof here {
  const copy = mkdtempSync('/tmp/tcp-keepalive-'); // TMPDIR may be closed to others too
  t.teardown(() => rmSync(copy, { recursive: true }));
  for (const name of [
    'package.json',
    'dist',
    'build/Release/tcp_keepalive.node',
    'test/native/build/Release/oracle.node',
    'test/support/oracle.js',
    'test/support/timer-wheel.js',
    everyCall,
  ])
    cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  const [command, ...args] = [...nobody, ...withoutLoader, process.execPath, '--version'];
  const canRun = spawnSync(command, args).status === 0;
  const node = canRun ? process.execPath : path.join(copy, 'node');
  if (!canRun) copyFileSync(process.execPath, node);
  execFileSync('chmod', ['-R', 'a+rX', copy]);
  return { node, root: copy };
}

void t.test('a user without rights', { skip: missing(nobody) }, async (t) => {
  doesAllBut(t, run(t, nobody, [], readableByOthers(t)));
});
