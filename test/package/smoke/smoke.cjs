'use strict';
// What must work wherever the package loads: Node, Bun, Deno, and Node under Wine. No dependencies.
//
//   RUNTIME smoke.cjs [PACKAGE] [--refuses | --silent-peer [--cut=COMMAND]]
//
// PACKAGE: a path; default: 'tcp-keepalive' as seen from the current folder. One line for each check:
// "ok|not ok|unsupported NAME (DETAIL)". "unsupported" is a typed refusal: this runtime or system cannot do it and says so.
//
// --permitted: what works in Deno with no other permissions than those that the README names and --allow-net.
//
// --refuses: in a runtime that can apply nothing, says so by ERR_KEEPALIVE_UNSUPPORTED, and does no harm.
//
// --silent-peer: in a network namespace of its own. Prints "ready" when the link is to be cut, by COMMAND or by whoever
// started this, and waits for the error. Before that "holds LOCAL_PORT:REMOTE_PORT SETTINGS" for what can be asked of the
// kernel by others, in the order and the units of socket-options.py, and then "held".
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { readFileSync, readdirSync } = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const { createRequire } = require('node:module');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { Duplex } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');
const tls = require('node:tls');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const certificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUruFCSqvqi1UNPAC
KvTZA3VW5Hd2vnGRzDxrVH9ifD2hRANCAARdlAc/ibWTtGoPu2MJfcfBKnmoiprC
wVvLygImXd2eKyJtFRVyKSOfT4sJLcWhsfGULGTsmQvdKRQvt0ZOeLPT
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIUC11dpWFfzW0q2ulewaCVBqVpskIwCgYIKoZIzj0EAwIw
MDEuMCwGA1UEAwwldGNwLWtlZXBhbGl2ZSBkZW1vIG9ubHksIG5vdCBhIHNlY3Jl
dDAgFw0yNjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowMDEuMCwGA1UEAwwl
dGNwLWtlZXBhbGl2ZSBkZW1vIG9ubHksIG5vdCBhIHNlY3JldDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABF2UBz+JtZO0ag+7Ywl9x8EqeaiKmsLBW8vKAiZd3Z4r
Im0VFXIpI59PiwktxaGx8ZQsZOyZC90pFC+3Rk54s9OjPTA7MA8GA1UdEQQIMAaH
BH8AAAEwCQYDVR0TBAIwADAdBgNVHQ4EFgQUtZ5AWy8KhN7oEZZmzbK6zBkjeHEw
CgYIKoZIzj0EAwIDRwAwRAIgEMWoNuaipJIh+fNEDOpM7eoVQMHMeZPijHtjajys
8YoCIFkhaSH32vsN/RsciYRZgzB6aFhAwIZe7HtkYWTvX0CV
-----END CERTIFICATE-----`,
};

const args = isMainThread ? process.argv.slice(2) : /** @type {string[]} */ (workerData);
const target = args.find((arg) => !arg.startsWith('--'));
const cut = args.find((arg) => arg.startsWith('--cut='))?.slice('--cut='.length);
const fromHere = createRequire(path.join(process.cwd(), 'smoke.cjs'));
const isLinux = process.platform === 'linux';
const isWindows = process.platform === 'win32';
const isBunForWindows = isWindows && process.versions['bun'] !== undefined;

/** @type {typeof import('../../../dist/index.js')} */
const keepalive = fromHere(target === undefined ? 'tcp-keepalive' : path.resolve(target));
const { LivenessMonitor, applyKeepalive, applyKeepaliveToAgent, applyKeepaliveToServer, readKeepalive } = keepalive;
/** @type {typeof import('../../../dist/heartbeat/index.js')} */
const { SilenceWatchdog } = fromHere(
  target === undefined ? 'tcp-keepalive/heartbeat' : path.resolve(target, 'dist', 'heartbeat'),
);

/** @typedef {import('node:net').Socket} Socket */
/** @typedef {import('node:net').Server} Server */
/** @typedef {{ initialDelay: number, interval: number, count: number, userTimeout?: number | 'match' }} Profile */

/** @type {Profile} */
const profile = { initialDelay: 33_000, interval: 7_000, count: 5 };
/** @type {Profile} */
const other = { initialDelay: 44_000, interval: 3_000, count: 6 };
const host = '127.0.0.1';

let failed = 0;
/** @type {(() => void)[]} */
let closers = [];

/** @param {string} line */
function say(line) {
  if (isMainThread) console.log(line);
  else parentPort?.postMessage(line);
}

/** @param {string} name @param {() => unknown} run what it returns is the detail */
async function check(name, run) {
  let outcome = 'ok';
  /** @type {unknown} */
  let detail;
  const late = new AbortController();
  try {
    const deadline = sleep(30_000, undefined, { signal: late.signal }).then(
      () => Promise.reject(new Error('30 s are over')),
      () => undefined,
    );
    detail = await Promise.race([run(), deadline]);
  } catch (error) {
    const { code, message, stack } = /** @type {NodeJS.ErrnoException} */ (error);
    outcome = code === 'ERR_KEEPALIVE_UNSUPPORTED' ? 'unsupported' : 'not ok';
    detail = outcome === 'not ok' ? String(stack).split('\n').slice(0, 4).join(' | ') : message;
    if (outcome === 'not ok') failed += 1;
  } finally {
    late.abort();
    // TLS before what is below it: the other way round, in one turn with 'secureConnect', crashes Node 20 to 26.
    for (const close of closers.splice(0).reverse()) close();
  }
  say(`${outcome} ${name}${detail === undefined ? '' : ` (${detail})`}`);
}

/** Closes it with the check. @template {Socket | Server} T @param {T} opened @returns {T} */
function own(opened) {
  opened.on('error', () => undefined);
  closers.push(() => void (opened instanceof net.Socket ? opened.destroy() : opened.close()));
  return opened;
}

/** @param {Server} server */
async function listen(server) {
  own(server).listen(0, host);
  await once(server, 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** @param {Server} [server] */
async function pair(server = net.createServer()) {
  const port = await listen(server);
  const client = own(net.connect(port, host));
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  return { server, client, accepted: own(/** @type {Socket} */ (accepted)) };
}

/** @param {Socket | Server} socket @param {Profile} wanted @param {boolean} [enabled] */
function assertHolds(socket, wanted, enabled = true) {
  const { userTimeout, ...held } = readKeepalive(socket);
  const { initialDelay, interval, count } = wanted;
  assert.deepStrictEqual(held, { enabled, initialDelay, interval, count });
}

/** Seconds on the keepalive timer that the kernel shows in /proc/net/tcp for a connection. @param {Socket} socket */
function timerOf({ localPort, remotePort }) {
  /** @param {number | undefined} port */
  const hex = (port) => `:${Number(port).toString(16).toUpperCase().padStart(4, '0')} `;
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  const row = rows.find((text) => text.includes(`${hex(localPort)}`) && text.includes(`${hex(remotePort)}01 `));
  const [, hundredths] = /^.*? 01 \S+ 02:([0-9A-F]+) /.exec(row ?? '') ?? [];
  return hundredths === undefined ? undefined : Number.parseInt(hundredths, 16) / 100;
}

/** Once what was written has been acknowledged: until then another timer runs. @param {Socket} socket */
async function quietTimerOf(socket) {
  for (let tries = 0; tries < 100 && timerOf(socket) === undefined; ++tries) await sleep(20);
  return timerOf(socket) ?? Number.NaN;
}

/** Applies, reads back, and asks the kernel by another road where there is one. @param {Socket} socket @param {Profile} wanted */
async function applied(socket, wanted) {
  assert.notStrictEqual(readKeepalive(socket).initialDelay, wanted.initialDelay);
  assert.strictEqual(applyKeepalive(socket, wanted), true);
  assertHolds(socket, wanted);
  if (!isLinux) return 'read back by readKeepalive only';
  const seconds = await quietTimerOf(socket);
  const expected = wanted.initialDelay / 1000;
  assert.ok(seconds > expected - 5 && seconds <= expected + 1, `/proc/net/tcp shows a timer of ${seconds} s`);
  return `/proc/net/tcp: timer ${seconds} s`;
}

/** @param {() => unknown} run */
function codeOf(run) {
  try {
    run();
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code;
  }
  return 'no error';
}

/** @param {() => Promise<unknown>} run descriptors that are open after it and were not before */
async function leaks(run) {
  await run();
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 50; ++i) await run();
  return readdirSync('/proc/self/fd').length - before;
}

/** @param {import('node:http').Server | import('node:https').Server} server @param {typeof import('node:http')} client */
async function request(server, client, options = {}) {
  const port = await listen(server);
  const sent = client.get(/** @type {object} */ ({ host, port, agent: false, rejectUnauthorized: false, ...options }));
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  return sent;
}

/** Where there is no way to the descriptor, nothing else can be tried. */
async function isReachable() {
  let code = 'no error';
  await check('a way to the descriptor', async () => {
    const { client } = await pair();
    code = codeOf(() => readKeepalive(client)) ?? code;
    readKeepalive(client);
  });
  return code !== 'ERR_KEEPALIVE_UNSUPPORTED';
}

async function basics() {
  if (isLinux) {
    await check('a binary of the package', () => {
      const [, binary] = /\/(?:prebuilds|build)\/(\S+\.node)$/m.exec(readFileSync('/proc/self/maps', 'utf8')) ?? [];
      assert.ok(binary !== undefined);
      return binary;
    });
  }
  await check('the system’s settings', () => {
    const { initialDelay, interval, count } = keepalive.readSystemKeepalive();
    return `${initialDelay / 1000}/${interval / 1000}/${count}`;
  });
  await check('a client socket', async () => applied((await pair()).client, profile));
  await check('an accepted socket', async () => applied((await pair()).accepted, profile));
  await check('another profile, disabled, enabled again', async () => {
    const { client } = await pair();
    await applied(client, profile);
    await applied(client, other);
    keepalive.disableKeepalive(client);
    assertHolds(client, other, false);
    assert.strictEqual(applyKeepalive(client, other), true);
    assertHolds(client, other);
  });
  await check('the user timeout', async () => {
    const { client } = await pair();
    assert.strictEqual(applyKeepalive(client, { ...profile, userTimeout: 'match' }), true);
    const { userTimeout } = readKeepalive(client);
    assert.strictEqual(userTimeout, keepalive.keepaliveSupport.userTimeout ? 68_000 : null);
    applyKeepalive(client, { ...profile, userTimeout: 50_000 });
    return `${readKeepalive(client).userTimeout} ms`;
  });
  await check('readTcpInfo', async () => {
    const { client } = await pair();
    const { state, rtt } = keepalive.readTcpInfo(client);
    assert.strictEqual(state, 'established');
    return `${state}, rtt ${rtt} ms, last heard ${keepalive.lastHeard(client)} ms ago`;
  });
  await check('applyKeepaliveToAll', async () => {
    const pairs = [await pair(), await pair(), await pair()];
    const sockets = pairs.flatMap(({ client, accepted }) => [client, accepted]);
    const { applied, failed } = await keepalive.applyKeepaliveToAll(sockets, profile, { spread: 0 });
    assert.deepStrictEqual([applied, failed.length], [6, 0]);
    for (const socket of sockets) assertHolds(socket, profile);
  });
  await watching();
}

async function watching() {
  await check('a silent connection: the watchdog ends it, the monitor says so', async () => {
    const { client, accepted } = await pair();
    const monitor = new LivenessMonitor({ silentAfter: 60_000, checkEvery: 20 });
    monitor.watch(accepted.resume());
    const gone = once(monitor, 'gone');
    // Not in an emulator, which leaves out most of TCP_INFO.
    if (keepalive.lastHeard(accepted) !== null) while (monitor.snapshot().unknown > 0) await sleep(20);
    /** @type {Promise<NodeJS.ErrnoException>} */
    const error = new Promise((resolve) => void client.once('error', resolve));
    new SilenceWatchdog({ timeout: 200 }).watch(client);
    assert.strictEqual((await error).code, 'ERR_KEEPALIVE_SILENCE');
    const [, reason] = await gone;
    assert.strictEqual(reason, 'closed');
  });
}

async function permitted() {
  await check('a client and an accepted socket', async () => {
    for (const socket of Object.values(await pair())) {
      if (!(socket instanceof net.Socket)) continue;
      applyKeepalive(socket, profile);
      assertHolds(socket, profile);
    }
  });
  await check('a server', async () => {
    const server = net.createServer();
    applyKeepaliveToServer(server, profile);
    assertHolds((await pair(server)).accepted, profile);
  });
  await watching();
}

/** @param {string} permissions */
function runPermitted(permissions) {
  return check(`in Deno with --allow-net ${permissions}`, () => {
    const flags = ['run', '--no-prompt', '--no-config', '--allow-net', ...permissions.split(' ')];
    const script = [__filename, '--permitted', ...(target === undefined ? [] : [target])];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...script], { encoding: 'utf8' });
    assert.strictEqual(status, 0, `${stdout}${stderr}`);
  });
}

let pipes = 0;

async function pipe() {
  const name = `tcp-keepalive-${process.pid}-${isMainThread ? 'main' : 'worker'}-${++pipes}`;
  const file = isWindows ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), name);
  const server = own(net.createServer()).listen(file);
  await once(server, 'listening');
  return { server, client: own(net.connect(file)) };
}

async function moments() {
  await check('before connect: there in ‘connect’, before the user’s listener', async () => {
    const port = await listen(net.createServer((socket) => void own(socket)));
    const socket = own(new net.Socket());
    const seen = new Promise((resolve, reject) => {
      socket.once('connect', () => {
        try {
          resolve(assertHolds(socket, profile));
        } catch (error) {
          reject(error);
        }
      });
    });
    assert.strictEqual(applyKeepalive(socket, other), false);
    assert.strictEqual(
      codeOf(() => readKeepalive(socket)),
      'ERR_KEEPALIVE_NOT_CONNECTED',
    );
    socket.connect(port, host);
    assert.strictEqual(applyKeepalive(socket, profile), false);
    await seen;
  });
  await check('the same socket connects again', async () => {
    const port = await listen(net.createServer((socket) => void own(socket)));
    const socket = own(net.connect(port, host));
    applyKeepalive(socket, profile);
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
    socket.connect(port, host);
    await once(socket, 'connect');
    assertHolds(socket, profile);
  });
  await check('a closed socket', async () => {
    const { client, accepted } = await pair();
    for (const socket of [client, accepted]) {
      socket.destroy();
      assert.strictEqual(
        codeOf(() => applyKeepalive(socket, profile)),
        'ERR_KEEPALIVE_CLOSED',
      );
      assert.strictEqual(
        codeOf(() => readKeepalive(socket)),
        'ERR_KEEPALIVE_CLOSED',
      );
      keepalive.disableKeepalive(socket);
    }
  });
  await check('refused values: typed, and nothing changed', async () => {
    const { client } = await pair();
    applyKeepalive(client, profile);
    for (const bad of [
      { ...profile, initialDelay: 1500 },
      { ...profile, interval: 0 },
      { ...profile, count: 0 },
      { ...profile, count: 2 ** 31 },
      { ...profile, idle: 1 },
    ]) {
      assert.strictEqual(
        codeOf(() => applyKeepalive(client, bad)),
        'ERR_KEEPALIVE_PROFILE',
      );
    }
    assert.strictEqual(
      codeOf(() => applyKeepalive(/** @type {any} */ ({}), profile)),
      'ERR_INVALID_ARG_TYPE',
    );
    assertHolds(client, profile);
  });
  const notTcp = 'ERR_KEEPALIVE_NOT_TCP';
  await check('a Unix-domain socket or pipe', async () => {
    const { server, client } = await pipe();
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    for (const socket of [client, own(accepted)]) {
      assert.strictEqual(
        codeOf(() => applyKeepalive(socket, profile)),
        notTcp,
      );
      assert.strictEqual(
        codeOf(() => keepalive.readTcpInfo(socket)),
        notTcp,
      );
    }
    assert.strictEqual(
      codeOf(() => readKeepalive(server)),
      notTcp,
    );
    assert.strictEqual(
      codeOf(() => applyKeepaliveToServer(server, profile)),
      notTcp,
    );
  });
  await check('a Unix-domain socket or pipe that is connecting', async () => {
    const { client } = await pipe();
    /** @type {Promise<NodeJS.ErrnoException>} */
    const failed = new Promise((resolve) => void client.once('error', resolve));
    const code = codeOf(() => applyKeepalive(client, profile));
    assert.strictEqual(code === 'no error' ? (await failed).code : code, notTcp);
    return code === 'no error' ? "in 'connect'" : 'at once';
  });
}

async function secure() {
  await check('TLS, both ends', async () => {
    const server = tls.createServer(certificate);
    const port = await listen(server);
    const client = own(tls.connect({ host, port, rejectUnauthorized: false }));
    applyKeepalive(client, other);
    const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')]);
    assertHolds(client, other);
    return `${await applied(client, profile)}, ${await applied(own(accepted), profile)}`;
  });
  await check('TLS over a socket that is there', async () => {
    const server = tls.createServer(certificate);
    const below = own(net.connect(await listen(server), host));
    await once(below, 'connect');
    const client = own(tls.connect({ socket: below, rejectUnauthorized: false }));
    await once(client, 'secureConnect');
    return applied(client, profile);
  });
  await check('TLS over a stream that is no socket', () => {
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const socket = own(tls.connect({ socket: stream, rejectUnauthorized: false }));
    assert.strictEqual(
      codeOf(() => applyKeepalive(socket, profile)),
      'ERR_KEEPALIVE_NOT_TCP',
    );
  });
}

/** @param {string} name @param {() => Server} create @param {(server: Server) => Promise<Socket>} connect resolves with the accepted one */
async function server(name, create, connect) {
  await check(`${name} server: every connection, then stop()`, async () => {
    const server = create();
    const tuned = applyKeepaliveToServer(server, profile);
    const seen = new Promise((resolve, reject) => {
      server.once('connection', (socket) => {
        try {
          resolve(assertHolds(socket, profile));
        } catch (error) {
          reject(error);
        }
      });
    });
    await connect(server);
    await seen;
    const { mode } = tuned;
    if (mode === 'listener') assertHolds(server, profile);
    tuned.stop();
    if (mode === 'listener') assert.strictEqual(readKeepalive(server).enabled, false);
    return `mode ${mode}`;
  });
}

async function servers() {
  await server(
    'net',
    () => net.createServer(),
    async (server) => (await pair(server)).accepted,
  );
  await server(
    'tls',
    () => tls.createServer(certificate),
    async (server) => {
      const client = own(tls.connect({ host, port: await listen(server), rejectUnauthorized: false }));
      const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')]);
      return own(accepted);
    },
  );
  const answer = (/** @type {unknown} */ _request, /** @type {import('node:http').ServerResponse} */ response) =>
    void response.end();
  await server(
    'http',
    () => http.createServer(answer),
    async (server) => {
      return /** @type {any} */ (await request(/** @type {any} */ (server), http)).socket;
    },
  );
  await server(
    'https',
    () => https.createServer(certificate, answer),
    async (server) => {
      return /** @type {any} */ (await request(/** @type {any} */ (server), /** @type {any} */ (https))).socket;
    },
  );
  await server(
    'http2',
    () => http2.createServer(),
    async (server) => {
      const session = http2.connect(`http://${host}:${await listen(server)}`);
      closers.push(() => session.destroy());
      await once(session, 'connect');
      applyKeepalive(session.socket, other);
      assertHolds(session.socket, other);
      return session.socket;
    },
  );
  await check('the socket of an http request, on the server', async () => {
    /** @type {Promise<unknown> | undefined} */
    let outcome;
    const server = http.createServer((request, response) => {
      outcome = applied(request.socket, profile).finally(() => response.end());
      outcome.catch(() => undefined);
    });
    await request(server, http);
    return outcome;
  });
  await check('an http server that is handed its connections', async () => {
    let seen = false;
    const server = http.createServer((request, response) => {
      assertHolds(request.socket, profile);
      seen = true;
      response.end();
    });
    const front = net.createServer((socket) => void server.emit('connection', own(socket)));
    applyKeepaliveToServer(front, profile);
    await request(/** @type {any} */ (front), http);
    assert.ok(seen);
  });
}

async function agents() {
  for (const [name, client, create] of /** @type {const} */ ([
    ['http', http, () => http.createServer((_request, response) => void response.end())],
    ['https', https, () => https.createServer(certificate, (_request, response) => void response.end())],
  ])) {
    await check(`${name}.Agent: new and pooled sockets`, async () => {
      const agent = new client.Agent({ keepAlive: true });
      closers.push(() => agent.destroy());
      const tuned = applyKeepaliveToAgent(agent, profile);
      const first = await request(create(), /** @type {any} */ (client), { agent });
      const socket = /** @type {Socket} */ (first.socket ?? Object.values(agent.freeSockets)[0]?.[0]);
      assertHolds(socket, profile);
      await new Promise((resolve) => void setImmediate(resolve));
      tuned.update(other);
      const pooled = /** @type {Socket} */ (Object.values(agent.freeSockets)[0]?.[0]);
      assert.ok(pooled !== undefined, 'the agent has kept it');
      assertHolds(pooled, other);
    });
  }
}

async function descriptors() {
  if (!isLinux) return; // Wine shows this machine's /proc
  await check('no descriptor is left behind', async () => {
    const { client, server } = await pair();
    const left = await leaks(async () => {
      applyKeepalive(client, profile);
      readKeepalive(server);
      codeOf(() => keepalive.readTcpInfo(client));
      keepalive.disableKeepalive(client);
      applyKeepaliveToServer(server, profile).stop();
      codeOf(() => applyKeepalive(client, { ...profile, initialDelay: 1 }));
    });
    assert.strictEqual(left, 0);
  });
}

async function worker() {
  await check('in a worker thread', async () => {
    const thread = new Worker(__filename, { workerData: args.filter((arg) => !arg.startsWith('--')) });
    /** @type {string[]} */
    const lines = [];
    thread.on('message', (line) => void lines.push(line));
    const [status] = await once(thread, 'exit');
    const bad = lines.filter((line) => line.startsWith('not ok'));
    assert.deepStrictEqual([status, bad], [0, []]);
    assert.ok(lines.some((line) => line.startsWith('ok')));
    return `${lines.filter((line) => line.startsWith('ok')).length} checks ok`;
  });
}

/** @param {Socket} socket @param {Profile} wanted */
function sayHeld({ localPort, remotePort }, { initialDelay, interval, count, userTimeout }) {
  const silence =
    userTimeout === 'match' && keepalive.keepaliveSupport.userTimeout ? initialDelay + interval * count : 0;
  say(`holds ${localPort}:${remotePort} 1 ${initialDelay / 1000} ${interval / 1000} ${count} ${silence}`);
}

/** A client socket, and both ends of a TLS connection of a server that has a profile. */
async function holdForOthers() {
  /** @type {Profile} */
  const wanted = { ...profile, userTimeout: 'match' };
  /** @type {Profile} */
  const served = { ...other, userTimeout: 'match' };
  const { client } = await pair();
  applyKeepalive(client, wanted);
  codeOf(() => applyKeepalive(client, { ...other, count: 0 }));
  const server = tls.createServer(certificate);
  applyKeepaliveToServer(server, served);
  const secureClient = own(tls.connect({ host, port: await listen(server), rejectUnauthorized: false }));
  const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(secureClient, 'secureConnect')]);
  applyKeepalive(secureClient, wanted);
  sayHeld(client, wanted);
  sayHeld(secureClient, wanted);
  sayHeld(own(accepted), served);
}

async function silentPeer() {
  await check('a silent peer', async () => {
    await holdForOthers();
    const { accepted } = await pair();
    const quick = { initialDelay: 1_000, interval: 1_000, count: 3 };
    applyKeepalive(accepted, quick);
    sayHeld(accepted, quick);
    say('held');
    await sleep(2_500);
    assert.strictEqual(accepted.destroyed, false, 'a live peer answers');
    /** @type {Promise<NodeJS.ErrnoException | undefined>} */
    const ended = new Promise(
      (resolve) => void accepted.once('error', resolve).once('close', () => resolve(undefined)),
    );
    accepted.resume();
    say('ready');
    const start = performance.now();
    if (cut !== undefined) assert.strictEqual(spawnSync('sh', ['-c', cut], { stdio: 'inherit' }).status, 0);
    const error = await ended;
    const noticed = `noticed after ${Math.round(performance.now() - start)} ms`;
    if (isBunForWindows && error === undefined) return `${noticed}: 'end' and 'close', no 'error'`;
    assert.strictEqual(error?.code, 'ETIMEDOUT');
    assert.strictEqual(keepalive.disconnectReason(error), 'timed-out');
    return `${noticed}: ${error.code}, ${error.syscall}`;
  });
}

/** For a runtime that tells no descriptor of any socket. */
async function refusals() {
  const refused = 'ERR_KEEPALIVE_UNSUPPORTED';
  for (const [name, create, connect, accepting, connecting] of /** @type {const} */ ([
    ['sockets', () => net.createServer(), net.connect, 'connection', 'connect'],
    ['TLS sockets', () => tls.createServer(certificate), tls.connect, 'secureConnection', 'secureConnect'],
  ])) {
    await check(`refused: ${name}, both ends, and their server`, async () => {
      const server = create();
      const port = await listen(server);
      const client = own(/** @type {any} */ (connect)({ host, port, rejectUnauthorized: false }));
      const [[accepted]] = await Promise.all([once(server, accepting), once(client, connecting)]);
      for (const call of [
        () => applyKeepalive(client, profile),
        () => applyKeepalive(own(accepted), profile),
        () => readKeepalive(client),
        () => readKeepalive(server),
        () => keepalive.disableKeepalive(client),
        () => keepalive.readTcpInfo(client),
      ]) {
        assert.strictEqual(codeOf(call), refused);
      }
      assert.strictEqual(client.destroyed, false);
    });
  }
  await check('refused: before connect', async () => {
    const socket = own(new net.Socket());
    assert.strictEqual(applyKeepalive(socket, profile), false);
    /** @type {Promise<NodeJS.ErrnoException>} */
    const error = new Promise((resolve) => void socket.once('error', resolve));
    socket.connect(await listen(net.createServer()), host);
    assert.strictEqual((await error).code, refused);
  });
}

async function main() {
  const { bun, deno } = process.versions;
  const name = bun === undefined ? (deno === undefined ? process.version : `Deno ${deno}`) : `Bun ${bun}`;
  say(`# ${name} ${process.platform}-${process.arch}`);
  if (args.includes('--silent-peer')) return silentPeer();
  if (args.includes('--permitted')) return permitted();
  if (args.includes('--refuses')) return refusals();
  if (!(await isReachable())) return;
  await basics();
  await moments();
  await secure();
  await servers();
  await agents();
  await descriptors();
  if (!isMainThread) return;
  await worker();
  if (deno === undefined) return;
  for (const sys of ['uid', 'uid,osUptime']) await runPermitted(`--allow-ffi --allow-read --allow-sys=${sys}`);
}

main().then(
  () => {
    if (isMainThread) say(failed === 0 ? '# all ok' : `# ${failed} not ok`);
    process.exitCode = failed === 0 ? 0 : 1;
    // A runtime that keeps something of its own open must not hang the matrix.
    setTimeout(() => process.exit(), 3_000).unref();
  },
  (error) => {
    say(`not ok ${error.stack}`);
    process.exitCode = 1;
  },
);
