'use strict';
// The measurement behind vanish.svg, in a network namespace: three servers, their phones, one silent cut.
const { once } = require('node:events');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { applyKeepaliveToServer, lastHeard, profiles } = require('tcp-keepalive');
const { connectPeerNamespace } = require('../../test/support/network-namespace.js');

/**
 * Measured times are seconds, to a tenth.
 * @typedef {object} Group phones of one server in one situation
 * @property {'none' | 'probes' | 'probes and user timeout'} profile
 * @property {'idle' | 'in flight'} situation
 * @property {number[]} noticed after the cut, one time for each connection that ended
 * @property {{ shortest: number, longest: number } | null} delay the same, counted from the phone's last answer (idle)
 *   or from the write to it (in flight); null if none was noticed
 * @property {Record<string, number>} codes of their errors
 *
 * @typedef {object} Vanishing
 * @property {string} node
 * @property {string} system
 * @property {string} date
 * @property {number} duration seconds
 * @property {number} phones in each group
 * @property {{ initialDelay: number, interval: number, count: number }} profile milliseconds, as given
 * @property {{ from: number, to: number }} writes seconds after the cut, in the groups in flight
 * @property {Group[]} groups
 *
 * @typedef {Awaited<ReturnType<typeof connectPeerNamespace>>} Network
 * @typedef {Awaited<ReturnType<typeof listen>>} Server
 *
 * @typedef {object} Phone
 * @property {net.Socket} socket
 * @property {number} [since] its last answer, or the write to it
 * @property {number} [end]
 * @property {string | undefined} [code]
 */

const { initialDelay, interval, count } = profiles.presence;
const timing = { initialDelay, interval, count };

/** @type {Record<Group['profile'], import('tcp-keepalive').KeepaliveProfile | undefined>} */
const serverProfiles = {
  none: undefined,
  probes: timing,
  'probes and user timeout': { ...timing, userTimeout: 'match' },
};
const names = /** @type {Group['profile'][]} */ (Object.keys(serverProfiles));
/** @type {Group['situation'][]} */
const situations = ['idle', 'in flight'];

// A server that has something to push does so soon, but not in the moment of the cut.
const writes = { from: 1, to: 10 };

const tenths = (/** @type {number} */ milliseconds) => Math.round(milliseconds / 100) / 10;
const alive = (/** @type {Phone[]} */ phones) => phones.filter(({ end }) => end === undefined).length;

/** @param {Group['profile']} name @param {string} address */
async function listen(name, address) {
  /** @type {Phone[]} */
  const phones = [];
  const server = net.createServer((socket) => {
    /** @type {Phone} */
    const phone = { socket: socket.resume() };
    socket.on('error', (/** @type {NodeJS.ErrnoException} */ { code }) => (phone.code = code));
    socket.on('close', () => (phone.end = performance.now()));
    phones.push(phone);
  });
  const profile = serverProfiles[name];
  if (profile !== undefined) applyKeepaliveToServer(server, profile);
  server.listen(0, address);
  await once(server, 'listening');
  return { name, server, phones, port: /** @type {net.AddressInfo} */ (server.address()).port };
}

/** @param {Network} network @param {Server[]} servers @param {number} phones of each server */
function startPhones(network, servers, phones) {
  const program = path.join(__dirname, 'vanish-phones.js');
  const ports = servers.map(({ port }) => port).join(',');
  const args = [program, network.address, ports, String(phones), String(initialDelay)];
  const child = network.spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the phones ended with ${code ?? signal}`);
  });
  ended.catch(() => {});
  return {
    /** What happens while they live. @template T @param {Promise<T>} event */
    during: (event) => Promise.race([event, ended]),
    stop: async () => {
      child.kill('SIGKILL');
      await ended.catch(() => {});
    },
  };
}

/** @param {Server[]} servers @param {number} phones of each server */
async function allOnline(servers, phones) {
  while (servers.some((server) => server.phones.length < phones)) await sleep(100);
  // So long that each one was probed and answered: Linux can be an eighth late.
  await sleep(initialDelay * 1.25);
  if (servers.some((server) => alive(server.phones) !== phones)) throw new Error('a phone was lost before the cut');
}

/** @param {Phone[]} phones */
function writeToEach(phones) {
  for (const phone of phones) {
    const later = writes.from + Math.random() * (writes.to - writes.from);
    setTimeout(() => {
      phone.since = performance.now();
      phone.socket.write('a push message\n');
    }, 1000 * later);
  }
}

/** @param {Phone[]} phones @param {number} cut @returns {Pick<Group, 'noticed' | 'delay' | 'codes'>} */
function outcome(phones, cut) {
  /** @type {number[]} */
  const noticed = [];
  /** @type {number[]} */
  const delays = [];
  /** @type {Record<string, number>} */
  const codes = {};
  for (const { since = Number.NaN, end, code = 'none' } of phones) {
    if (end === undefined) continue;
    noticed.push(tenths(end - cut));
    delays.push(tenths(end - since));
    codes[code] = (codes[code] ?? 0) + 1;
  }
  noticed.sort((a, b) => a - b);
  const delay = delays.length === 0 ? null : { shortest: Math.min(...delays), longest: Math.max(...delays) };
  return { noticed, delay, codes };
}

/**
 * To be called in a namespace of scripts/network-namespace.js.
 * @param {{ duration: number, phones: number }} options
 * @returns {Promise<Vanishing>}
 */
exports.watchThemVanish = async ({ duration, phones }) => {
  const network = await connectPeerNamespace();
  const servers = await Promise.all(names.map((name) => listen(name, network.address)));
  const perServer = situations.length * phones;
  const clients = startPhones(network, servers, perServer);
  console.log(`${servers.length * perServer} phones come online and answer a probe: ${tenths(2.25 * initialDelay)} s`);
  await clients.during(allOnline(servers, perServer));

  network.cut();
  const cut = performance.now();
  const groups = servers.flatMap(({ name, phones }) =>
    situations.map((situation, i) => {
      const own = phones.filter((_, index) => index % situations.length === i);
      for (const phone of own) phone.since = cut - (lastHeard(phone.socket) ?? Number.NaN);
      if (situation === 'in flight') writeToEach(own);
      return { profile: name, situation, phones: own };
    }),
  );
  console.log(`Cut. Believed online: ${groups.map(({ profile, situation }) => `${profile}, ${situation}`).join('; ')}`);
  const report = () => {
    const second = Math.round((performance.now() - cut) / 1000);
    console.log(`${String(second).padStart(5)} s: ${groups.map((group) => alive(group.phones)).join('; ')}`);
  };
  const reports = setInterval(report, 30_000);
  await clients.during(sleep(duration * 1000 - (performance.now() - cut)));
  clearInterval(reports);
  report();

  const results = groups.map(({ profile, situation, phones }) => ({ profile, situation, ...outcome(phones, cut) }));
  await clients.stop();
  for (const { server, phones } of servers) {
    for (const { socket } of phones) socket.destroy();
    server.close();
  }
  await network.close();
  const system = `${os.type()} ${os.release()} ${os.arch()}`;
  const date = new Date().toISOString().slice(0, 10);
  return { node: process.version, system, date, duration, phones, profile: timing, writes, groups: results };
};
