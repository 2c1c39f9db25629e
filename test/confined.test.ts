// Processes that may do little: no descriptor left, a sandbox that forbids the calls, a read-only file system, no rights.
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { testAddons } from './fixtures/oracle';

interface Outcome {
  readonly answers: Record<string, unknown>;
  /** What the first socket held, as JSON. */
  readonly before: string;
  readonly after: string;
}

const everyCall = require.resolve('./fixtures/every-call.js');
const linux = process.platform === 'linux' ? false : 'Linux';
const inCi = process.env['CI'] !== undefined;

function run(t: Test, command: readonly string[], ...args: string[]): Outcome {
  const [program, ...rest] = [...command, process.execPath, everyCall, ...args];
  const { status, stdout, stderr } = spawnSync(program!, rest, { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) t.fail(`${program} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Outcome;
}

/** Every call succeeds but these. */
function expected(outcome: Outcome, refused: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...Object.fromEntries(Object.keys(outcome.answers).map((name) => [name, true])), ...refused };
}

/** Why a command cannot be run here; false: it can. In CI everything can. */
function missing(command: readonly string[]): string | false {
  const [program, ...args] = [...command, 'true'];
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (inCi || status === 0) return linux;
  return linux || `${program}: ${error?.message ?? stderr.trim()}`;
}

void t.test('not confined', { skip: linux }, async (t) => {
  const outcome = run(t, []);
  t.strictSame(outcome.answers, expected(outcome));
});

const limited = ['prlimit', '--nofile=100'];
void t.test('out of descriptors: only what needs one is refused', { skip: missing(limited) }, async (t) => {
  const outcome = run(t, limited, '--exhausted');
  const refused = {
    readSystemKeepalive: 'EMFILE socket',
    applyKeepaliveToAgent: outcome.answers.applyKeepaliveToAgent,
  };
  t.strictSame(outcome.answers, expected(outcome, refused));
});

const sandbox = path.join(testAddons, 'sandbox');
for (const name of ['EPERM', 'EACCES', 'ENOSYS'] as const) {
  const errno = String(constants.errno[name]);
  void t.test(`seccomp forbids setsockopt: ${name}`, { skip: linux }, async (t) => {
    const outcome = run(t, [sandbox, 'setsockopt', errno]);
    const call = `${name} setsockopt TCP_USER_TIMEOUT`;
    const calls = ['applyKeepalive', 'applyKeepaliveToAll', 'applyKeepaliveToServer', 'applyKeepaliveToAgent'];
    t.strictSame(outcome.answers, expected(outcome, Object.fromEntries(calls.map((key) => [key, call]))));
    t.equal(outcome.after, outcome.before);
  });

  void t.test(`seccomp forbids getsockopt: ${name}`, { skip: linux }, async (t) => {
    const outcome = run(t, [sandbox, 'getsockopt', errno]);
    const refused = Object.keys(outcome.answers).filter(
      (key) => !['readTcpInfo', 'lastHeard', 'LivenessMonitor'].includes(key),
    );
    const call = `${name} getsockopt SO_KEEPALIVE`;
    t.strictSame(outcome.answers, expected(outcome, Object.fromEntries(refused.map((key) => [key, call]))));
  });
}

// Mounts are made read-only from the last to the first, so that none hides another.
const script = `
  tac /proc/self/mounts | while read -r _ point _; do mount -o remount,bind,ro "$point" 2> /dev/null || true; done
  if touch "$0/probe" 2> /dev/null || touch /tmp/probe 2> /dev/null; then echo 'not read-only' >&2; exit 1; fi
  exec "$@"`;
const namespace =
  process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--user', '--map-root-user', '--mount'];
const readOnly = [...namespace, 'sh', '-c', script, path.join(__dirname, '..')];
void t.test('a read-only container', { skip: missing(readOnly) }, async (t) => {
  const outcome = run(t, readOnly);
  t.strictSame(outcome.answers, expected(outcome));
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
void t.test('a user without rights', { skip: missing(nobody) }, async (t) => {
  const outcome = run(t, nobody);
  t.strictSame(outcome.answers, expected(outcome));
});
