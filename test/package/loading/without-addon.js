'use strict';
// What works and what is refused where the addon was not loaded: prints each call's answer as JSON.
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { inspect } = require('node:util');
const keepalive = require('tcp-keepalive');
const { EventStreamHeartbeat, SilenceWatchdog, WebSocketHeartbeat } = require('tcp-keepalive/heartbeat');

const profile = keepalive.defineProfile({ initialDelay: 30_000, interval: 5_000, count: 3, userTimeout: 'match' });
/** @type {Record<string, unknown>} */
const refused = {};

/** @param {string} name @param {() => unknown} call */
async function refuse(name, call) {
  try {
    await call();
    refused[name] = 'no error';
  } catch (error) {
    const { code, message, stack = '' } = /** @type {NodeJS.ErrnoException} */ (error);
    const remedy = 'What to do';
    refused[name] = {
      code,
      message,
      isByCaller: stack.includes(__filename),
      remedies: inspect(error).split(remedy).length - 1,
    };
  }
}

async function main() {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  const client = net.connect(port, '127.0.0.1');
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  const later = new net.Socket();
  const agent = new http.Agent();
  const idle = net.createServer();
  const listeners = () => [later, idle, server, client].map((one) => one.eventNames().map(String));
  const before = listeners();

  await refuse('applyKeepalive', () => keepalive.applyKeepalive(client, profile));
  await refuse('applyKeepalive, accepted', () => keepalive.applyKeepalive(accepted, profile));
  await refuse('applyKeepalive, not connected yet', () => keepalive.applyKeepalive(later, profile));
  await refuse('applyKeepaliveToServer', () => keepalive.applyKeepaliveToServer(server, profile));
  await refuse('applyKeepaliveToServer, not listening yet', () => keepalive.applyKeepaliveToServer(idle, profile));
  await refuse('applyKeepaliveToAgent', () => keepalive.applyKeepaliveToAgent(agent, profile));
  await refuse('applyKeepaliveToAll', () => keepalive.applyKeepaliveToAll([], profile));
  await refuse('disableKeepalive', () => keepalive.disableKeepalive(client));
  await refuse('readKeepalive', () => keepalive.readKeepalive(client));
  await refuse('readKeepalive, server', () => keepalive.readKeepalive(server));
  await refuse('readSystemKeepalive', () => keepalive.readSystemKeepalive());
  await refuse('readTcpInfo', () => keepalive.readTcpInfo(client));
  await refuse('lastHeard', () => keepalive.lastHeard(client));
  await refuse('LivenessMonitor', () => new keepalive.LivenessMonitor({ silentAfter: 1_000, checkEvery: 100 }));
  const times = { interval: 1_000, timeout: 1_000 };
  await refuse('trustKernel', () => new WebSocketHeartbeat(new Set(), { ...times, trustKernel: true }));

  const { available, unavailable, userTimeout } = keepalive.keepaliveSupport;
  new WebSocketHeartbeat(new Set(), times).stop();
  new EventStreamHeartbeat({ interval: 1_000 }).stop();
  const silence = once(client, 'error');
  new SilenceWatchdog({ timeout: 50 }).watch(client);
  const [{ code: silent }] = await silence;

  console.log(
    JSON.stringify({
      refused,
      support: { available, userTimeout, code: unavailable?.code },
      works: {
        detectionTime: keepalive.detectionTime(profile),
        plan: keepalive.planKeepalive({ detectWithin: 300_000 }),
        findings: keepalive.checkProfile(profile),
        traffic: keepalive.keepaliveTraffic(profile).probesPerHour,
        reason: keepalive.disconnectReason(Object.assign(new Error(), { code: 'ETIMEDOUT' })),
        isError: unavailable instanceof keepalive.KeepaliveError,
        silent,
      },
      untouched: String(listeners()) === String(before.map((names) => names)),
    }),
  );
  process.exit();
}

void main();
