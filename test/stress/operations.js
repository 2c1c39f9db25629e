'use strict';
// Every call on sockets that open, close and take each other's descriptors meanwhile, in any order and from within each
// other's events. A program (--operations, --seed, --gc, --copies ROOT,ROOT), a worker that never ends (run.js), or both.
const { once } = require('node:events');
const { closeSync, openSync, readdirSync } = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const { parseArgs } = require('node:util');
const { parentPort } = require('node:worker_threads');
const { generator } = require('../fixtures/random.js');

/**
 * @typedef {typeof import('tcp-keepalive')} Package
 * @typedef {import('tcp-keepalive').LivenessMonitor} Monitor
 * @typedef {net.Socket & { connecting: boolean }} Socket
 */

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    gc: { type: 'boolean', default: false },
    'without-http': { type: 'boolean', default: false },
    copies: { type: 'string', default: path.join(__dirname, '..', '..') },
  },
});
const random = generator(Number(values.seed));
/** @param {number} below */
const number = (below) => Math.floor(random() * below);
/** @template T @param {readonly T[]} from @returns {T} */
const any = (from) => /** @type {T} */ (from[number(from.length)]);

/** The package, or several installations of it. @type {Package[]} */
const copies = values.copies.split(',').map((root) => require(root));
/** @type {{ getOption(fd: number, level: number, name: number): number } & Record<string, number>} */
const oracle = require(path.join(__dirname, '..', 'native', 'build', 'Release', 'oracle.node'));
let before = 0;

const profiles = [
  { initialDelay: 41_000, interval: 7_000, count: 5, userTimeout: 76_000 },
  { initialDelay: 53_000, interval: 11_000, count: 4, userTimeout: /** @type {const} */ ('match') },
  { initialDelay: 1_000, interval: 1_000, count: 3 },
];
/** What can be wrong with a socket that comes and goes. */
const expected = ['ERR_KEEPALIVE_CLOSED', 'ERR_KEEPALIVE_NOT_CONNECTED', 'ERR_KEEPALIVE_NOT_TCP'];
const most = 300;

let operations = 0;
const counts = { connections: 0, refused: 0, gone: 0, silent: 0, tuned: 0, requests: 0, bystanders: 0 };
/** @type {Set<Socket>} */
const sockets = new Set();
/** Never given to the package: nothing may ever be set on them. @type {Set<Socket>} */
const bystanders = new Set();
/** @type {number[]} */
const files = [];
let ending = false;

/** @param {unknown} error */
function fail(error) {
  console.error(`seed ${values.seed}, operation ${operations}:`, error);
  process.exit(1);
}

/** A call that may come too late. @param {() => unknown} call */
function attempt(call) {
  operations += 1;
  try {
    return call();
  } catch (error) {
    if (!expected.includes(/** @type {any} */ (error).code)) fail(error);
    counts.refused += 1;
    return undefined;
  } finally {
    if (values.gc) global.gc?.();
  }
}

/** @param {Socket} socket */
const descriptorOf = (socket) => /** @type {any} */ (socket)._handle?.fd ?? -1;

/** @param {Socket} socket */
function untouched(socket) {
  const descriptor = descriptorOf(socket);
  if (descriptor < 0) return;
  counts.bystanders += 1;
  const { SOL_SOCKET = 0, SO_KEEPALIVE = 0, IPPROTO_TCP = 0, TCP_KEEPIDLE = 0, TCP_USER_TIMEOUT = 0 } = oracle;
  const options = [oracle.getOption(descriptor, SOL_SOCKET, SO_KEEPALIVE)];
  for (const name of [TCP_KEEPIDLE, TCP_USER_TIMEOUT]) options.push(oracle.getOption(descriptor, IPPROTO_TCP, name));
  if (options.join() !== '0,7200,0') fail(new Error(`a socket of somebody else has ${options.join()}`));
}

/** @param {Set<Socket>} set @param {Socket} socket */
function own(set, socket) {
  counts.connections += 1;
  set.add(
    socket
      .setMaxListeners(0)
      .on('error', () => {})
      .resume(),
  );
  socket.on('close', () => {
    set.delete(socket);
    nested();
  });
  return socket;
}

/** @param {net.Server} server @param {net.ListenOptions} [where] */
async function listen(server, where = { host: '127.0.0.1', port: 0 }) {
  server.listen(where);
  await once(server, 'listening');
}

const certificate = require('../../examples/certificate.js');
const quiet = net.createServer((socket) => own(bystanders, socket));
const tuned = net.createServer((socket) => {
  own(sockets, socket);
  nested();
});
const secure = tls.createServer(certificate, (socket) => own(sockets, socket));
const web = http.createServer((request, response) => {
  if (random() < 0.1) request.socket.destroy();
  else response.end('hello');
});
web.on('connection', (socket) => own(sockets, socket));
/** Below TLS: their handshake may never end. @type {Set<Socket>} */
const below = new Set();
secure.on('connection', (socket) => below.add(socket.on('close', () => below.delete(socket))));
secure.on('tlsClientError', () => {});
web.on('clientError', () => {});
const unix = net.createServer((socket) => own(sockets, socket));
const unixPath = path.join(os.tmpdir(), `tcp-keepalive-stress-${process.pid}-${values.seed}`);
const agents = [new http.Agent({ keepAlive: true, maxSockets: 20 }), new http.Agent({ keepAlive: false })];
/** @param {net.Server} server */
const portOf = (server) => /** @type {net.AddressInfo | null} */ (server.address())?.port ?? 1;

/** @type {Map<Monitor, Set<Socket>>} */
const monitors = new Map();

/** @param {Package} api */
function addMonitor({ LivenessMonitor }) {
  const monitor = new LivenessMonitor({ silentAfter: 1 + number(20), checkEvery: 1 + number(5) });
  const watched = new Set();
  monitors.set(monitor, watched);
  monitor.on('gone', (socket) => {
    counts.gone += 1;
    if (!watched.delete(socket)) fail(new Error("'gone' of a socket that is not watched"));
    nested();
  });
  monitor.on('silent', (socket) => {
    counts.silent += 1;
    if (!watched.has(socket)) fail(new Error("'silent' of a socket that is not watched"));
    nested();
  });
}

let fleets = 0;
/** @param {Package} api */
function startFleet({ applyKeepaliveToAll }) {
  if (fleets > 5) return;
  fleets += 1;
  const chosen = [...sockets].filter(() => random() < 0.3);
  const controller = new AbortController();
  if (random() < 0.2) setTimeout(() => controller.abort(), number(5));
  const { signal } = controller;
  applyKeepaliveToAll(chosen, any(profiles), { spread: any([0, 1, 10]), signal })
    .then(({ failed }) => {
      const error = failed.find((one) => !expected.includes(/** @type {any} */ (one.error).code));
      if (error !== undefined) fail(error.error);
    })
    .catch((error) => error.name === 'AbortError' || fail(error))
    .finally(() => (fleets -= 1));
}

/** @type {((socket: Socket) => void)[]} */
const endings = [
  (socket) => socket.destroy(),
  (socket) => socket.end(),
  (socket) => socket.destroySoon(),
  (socket) => socket.destroy(new Error('ours')),
  (socket) => {
    // Node closes no descriptor that is reset after end() (libuv answers EINVAL), and resets TCP only.
    const isTcp = /** @type {any} */ (socket)._handle?.constructor.name === 'TCP';
    if (isTcp && !socket.writableEnded) socket.resetAndDestroy();
  },
];

const connections = [
  () => own(sockets, net.connect(portOf(tuned), '127.0.0.1')),
  () => own(sockets, net.connect(portOf(tuned), '127.0.0.1', nested)),
  () => own(sockets, net.connect(unixPath)),
  () => own(sockets, net.connect(1, '127.0.0.1')), // is refused
];

/** @type {[number, (api: Package, socket: Socket) => void][]} how often, what */
const calls = [
  [20, ({ applyKeepalive }, socket) => void applyKeepalive(socket, any(profiles))],
  [10, ({ disableKeepalive }, socket) => disableKeepalive(socket)],
  [10, ({ readKeepalive }, socket) => void readKeepalive(socket)],
  [10, ({ readTcpInfo }, socket) => void readTcpInfo(socket)],
  [10, ({ lastHeard }, socket) => void lastHeard(socket)],
  [1, ({ readSystemKeepalive }) => void readSystemKeepalive()],
  [5, () => void (sockets.size < most && any(connections)())],
  [3, () => void (bystanders.size < most && own(bystanders, net.connect(portOf(quiet), '127.0.0.1')))],
  [5, (_, socket) => any(endings)(socket)],
  [
    2,
    () => {
      const socket = any([...bystanders]);
      if (socket === undefined) return;
      untouched(socket);
      any(endings)(socket);
    },
  ],
  [2, () => void files.push(openSync('/dev/null', 'r'))],
  [
    2,
    () => {
      if (files.length > 0) closeSync(/** @type {number} */ (files.shift()));
    },
  ],
  [
    8,
    (_, socket) => {
      const [monitor, watched] = any([...monitors]) ?? [];
      monitor?.watch(socket);
      watched?.add(socket);
    },
  ],
  [
    4,
    (_, socket) => {
      const [monitor, watched] = any([...monitors]) ?? [];
      monitor?.unwatch(socket);
      watched?.delete(socket);
    },
  ],
  [
    0.2,
    (api) => {
      if (monitors.size < 4) addMonitor(api);
    },
  ],
  [
    0.1,
    () => {
      const monitor = any([...monitors.keys()]);
      monitor?.stop();
      monitors.get(monitor)?.clear();
      if (random() < 0.5) monitors.delete(monitor);
    },
  ],
  [0.5, startFleet],
  [
    1,
    ({ applyKeepaliveToServer }) => {
      counts.tuned += 1;
      const keepalive = applyKeepaliveToServer(any([tuned, web, secure]), any(profiles), { onError: () => {} });
      if (random() < 0.3) keepalive.update(any(profiles));
      if (random() < 0.3) keepalive.stop();
    },
  ],
  [
    0.5,
    ({ applyKeepaliveToAgent }) => {
      const keepalive = applyKeepaliveToAgent(any(agents), any(profiles));
      if (random() < 0.3) keepalive.update(any(profiles));
      if (random() < 0.3) keepalive.stop();
    },
  ],
  [1, request],
  [
    0.3,
    () =>
      void (
        sockets.size < most &&
        own(sockets, tls.connect({ port: portOf(secure), host: '127.0.0.1', rejectUnauthorized: false }))
      ),
  ],
  [0.05, relisten],
];
const weights = calls.reduce((sum, [weight]) => sum + weight, 0);

function request() {
  if (values['without-http'] || counts.requests - answered > 20) return;
  counts.requests += 1;
  const sent = http.get({ port: portOf(web), host: '127.0.0.1', agent: any(agents) }, (response) => {
    response.resume();
    nested();
  });
  sent.on('error', () => {});
  sent.on('close', () => (answered += 1));
  sent.on('socket', (socket) => {
    if (!sockets.has(socket)) own(sockets, socket);
  });
  if (random() < 0.2) setImmediate(() => sent.destroy());
}
let answered = 0;

/** The same server listens anew. */
function relisten() {
  if (!tuned.listening) return;
  tuned.close();
  tuned.listen({ host: '127.0.0.1', port: 0 });
}

function step() {
  const socket = any([...sockets]) ?? own(sockets, new net.Socket());
  let choice = random() * weights;
  const [, call = () => {}] = calls.find(([weight]) => (choice -= weight) < 0) ?? [];
  attempt(() => call(any(copies), socket));
}

let depth = 0;
/** In the middle of something else. */
function nested() {
  if (ending || depth > 2 || random() < 0.7) return;
  depth += 1;
  step();
  depth -= 1;
}

const pauses = [
  () => new Promise(setImmediate),
  () => new Promise((resolve) => process.nextTick(resolve)),
  () => Promise.resolve(),
  () => new Promise((resolve) => setTimeout(resolve, 1)),
];

async function close() {
  ending = true;
  for (const socket of bystanders) untouched(socket);
  while (fleets > 0) await new Promise(setImmediate);
  for (const agent of agents) agent.destroy();
  for (const socket of [...sockets, ...bystanders, ...below]) socket.destroy();
  for (const server of [quiet, tuned, secure, web, unix]) server.close();
  web.closeAllConnections();
  for (const file of files) closeSync(file);
  const deadline = Date.now() + 10_000;
  const left = () => readdirSync('/proc/self/fd').length - before;
  while ((left() > 0 || [...monitors.values()].some(({ size }) => size > 0)) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (left() > 0) fail(new Error(`${left()} descriptors are left`));
  for (const [monitor, watched] of monitors) {
    if (watched.size > 0) fail(new Error(`${watched.size} closed and never reported`));
    if (monitor.snapshot().connections > 0) fail(new Error('closed and still watched'));
  }
}

async function main() {
  // What is opened once and stays open is opened before it is counted.
  tls.createSecureContext();
  const first = net.createServer();
  await listen(first);
  first.close();
  await once(first, 'close');
  before = readdirSync('/proc/self/fd').length;
  await Promise.all([listen(quiet), listen(tuned), listen(secure), listen(web), listen(unix, { path: unixPath })]);
  addMonitor(any(copies));
  parentPort?.postMessage('running');
  const last = Number(values.operations);
  while (operations < last) {
    for (let i = number(20); i >= 0; i -= 1) step();
    await any(pauses)();
  }
  await close();
  console.log(JSON.stringify({ seed: Number(values.seed), operations, ...counts }));
}

process.on('warning', (warning) => {
  if (warning.name === 'KeepaliveWarning') fail(warning);
});
process.on('uncaughtException', fail);
main().then(() => process.exit(), fail);
