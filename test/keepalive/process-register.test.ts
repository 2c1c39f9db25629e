// `tcp-keepalive/register`: programs that do not know the package.
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { profiles } from 'tcp-keepalive';
import { isolation } from '../support/network-namespace.js';
import { heldBy } from '../support/oracle';

const root = path.join(__dirname, '..', '..');
const registerName = 'tcp-keepalive/register';
const plain = { ...process.env, NODE_DEBUG: undefined, NODE_OPTIONS: undefined };

interface Setting {
  servers?: string;
  connections?: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  args?: string[];
}

/** Runs a program under the register and answers what it printed. */
function run(program: string, { servers, connections, env, cwd = root, args }: Setting = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [...(args ?? ['--import', registerName]), '-e', program], {
    cwd,
    env: { ...plain, TCP_KEEPALIVE_SERVERS: servers, TCP_KEEPALIVE_CONNECTIONS: connections, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
}

/** What a server and an outgoing connection hold; the program that prints it. */
const shows = `
  const net = require('node:net');
  const oracle = require(${JSON.stringify(path.join(root, 'test/native/build/Release/oracle.node'))});
  const names = ['TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT', 'TCP_USER_TIMEOUT'];
  const held = ({ _handle: { fd } }) =>
    [oracle.getOption(fd, oracle.SOL_SOCKET, oracle.SO_KEEPALIVE), ...names.map((name) => oracle.getOption(fd, oracle.IPPROTO_TCP, oracle[name]))];
  const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1', () => {
    const socket = net.connect(server.address().port, 'localhost', () => {
      console.log(JSON.stringify([held(server), held(socket)]));
      socket.destroy();
      server.close();
    });
  });`;
const fresh = [0, 7_200, 75, 9, 0];

for (const [value, expected] of [
  ['presence', heldBy(profiles.presence)],
  ['240s/20s/3', heldBy({ initialDelay: 240_000, interval: 20_000, count: 3, userTimeout: 'match' })],
  ['4m/20000ms/3/250500ms', [1, 240, 20, 3, 250_500]],
  ['', fresh],
] as const) {
  void t.test(`a value of ${JSON.stringify(value)}`, async (t) => {
    const { stdout, stderr } = run(shows, { servers: value, connections: 'dataCenter' });
    t.strictSame(JSON.parse(stdout), [expected, heldBy(profiles.dataCenter)]);
    t.equal(stderr, '');
  });
}

const bad = [
  ...['Presence', 'constructor', '240/20/3', '240s/20s', '240s/20s/3/', '240s/20s/3/match', ' presence', '-1s/20s/3'],
  ...['1.5s/1s/3', '1500ms/1s/3', '4h/20s/3', '240s/20s/0', '99999s/20s/3', '240s/20s/3/300s/1'],
];
for (const [index, value] of bad.entries()) {
  void t.test(`a value of ${JSON.stringify(value)} ends the process`, async (t) => {
    const variable = index % 2 === 0 ? 'servers' : 'connections';
    const { status, stdout, stderr } = run('console.log("the application")', { [variable]: value });
    t.equal(status, 1);
    t.equal(stdout, '', 'before the application runs');
    t.ok(stderr.includes(`KeepaliveError: TCP_KEEPALIVE_${variable.toUpperCase()}=${value}: `), stderr);
    t.match(stderr, /Allowed: a named profile \(presence, .*240s\/20s\/3/);
  });
}

void t.test('--require and NODE_OPTIONS do too, and child processes and worker threads inherit it', async (t) => {
  const expected = [heldBy(profiles.presence), heldBy(profiles.mobileNat)];
  const setting = { servers: 'presence', connections: 'mobileNat' };
  const holds = (program: string, more: Setting) => {
    const { stdout, stderr } = run(program, { ...setting, ...more });
    t.equal(stderr, '');
    t.strictSame(JSON.parse(stdout), expected);
  };
  holds(shows, { args: ['--require', registerName] });
  const byEnvironment = { args: [], env: { NODE_OPTIONS: `--import ${registerName}` } };
  holds(shows, byEnvironment);
  const inChild = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(shows)}], { stdio: 'inherit' })`;
  holds(inChild, byEnvironment);
  const inWorker = (text: string) => `new (require('node:worker_threads').Worker)(${text})`;
  const file = path.join(t.testdir({ 'worker.js': shows }), 'worker.js');
  holds(inWorker(JSON.stringify(file)), byEnvironment);
  holds(inWorker(JSON.stringify(file)), {});
  // Node 20 to 26 leave --import out for these.
  holds(inWorker(`${JSON.stringify(shows)}, { eval: true }`), { args: ['--require', registerName] });
});

void t.test('NODE_DEBUG tells what was tuned', async (t) => {
  const { stderr } = run(shows, { servers: 'presence', connections: '9s/2s/4', env: { NODE_DEBUG: 'tcp-keepalive' } });
  t.match(stderr, /TCP-KEEPALIVE \d+: server on \{"address":"127.0.0.1".*: 30 s \/ 5 s \/ 3, user timeout match/);
  t.match(stderr, /TCP-KEEPALIVE \d+: connection to localhost:\d+ \(127.0.0.1\): 9 s \/ 2 s \/ 4, user timeout match/);
});

void t.test('with neither variable it warns, and the application runs', async (t) => {
  const { status, stdout, stderr } = run('console.log("the application")');
  t.equal(status, 0);
  t.equal(stdout, 'the application\n');
  t.match(stderr, /KeepaliveWarning: .*TCP_KEEPALIVE_SERVERS or TCP_KEEPALIVE_CONNECTIONS/);
});

void t.test('without a binary it warns once, and the application runs', async (t) => {
  const folder = t.testdir({ 'package.json': '{}' });
  const installed = path.join(folder, 'node_modules', 'tcp-keepalive');
  for (const name of ['package.json', 'dist']) {
    cpSync(path.join(root, name), path.join(installed, name), { recursive: true });
  }
  const setting = { servers: 'presence', connections: 'presence', cwd: folder };
  const { status, stdout, stderr } = run(shows, setting);
  t.equal(status, 0);
  t.strictSame(JSON.parse(stdout), [fresh, fresh]);
  t.equal(stderr.match(/KeepaliveWarning/g)?.length, 1);
  t.match(stderr, 'ERR_KEEPALIVE_ADDON');
});

const way = isolation();
const skip = 'reason' in way && (process.env['CI'] === undefined || process.platform !== 'linux') && way.reason;

void t.test(
  'every kind of connection, read back from outside, and all of them end when the network does',
  { skip },
  async (t) => {
    if ('reason' in way) return t.fail(`CI skips nothing that can run: ${way.reason}`);
    const log = path.join(t.testdir({}), 'log');
    const [file, ...args] = [
      ...[...way.command, process.execPath, path.join(root, 'scripts/matrix/silent-peer.js'), log],
      ...[process.execPath, '--import', registerName, path.join(root, 'test/package/smoke/register.cjs')],
    ];
    const child = spawn(file!, args, {
      cwd: root,
      env: {
        ...plain,
        ...way.env,
        NODE_OPTIONS: '',
        TCP_KEEPALIVE_SERVERS: '2s/1s/3/5000ms',
        TCP_KEEPALIVE_CONNECTIONS: '1s/1s/4/5000ms',
      },
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += String(data)));
    const [status] = (await once(child, 'exit')) as [number];
    const lines = readFileSync(log, 'utf8');
    t.equal(status, 0, output + lines);
    t.match(output, /^kernel 40$/m);
    t.match(lines, /^ok a silent peer \(25 connections have ended after \d+ ms\)$/m);
  },
);
