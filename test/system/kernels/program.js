'use strict';
// program.js PACKAGE short|normal|long STAGGER: runs all cases of that form, each so many milliseconds after the one before,
// in a network namespace of its own, with the package that is installed there. Prints the clock's and each case's
// measurements as lines of JSON.
const { once } = require('node:events');
const { createRequire } = require('node:module');
const net = require('node:net');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { connectPeerNamespace } = require('../../support/network-namespace.js');
const { capture } = require('../../support/traffic-capture.js');
const { casesOf } = require('./cases.js');
const { readClock } = require('./clock.js');
const { connectionsOf } = require('./wire.js');

/**
 * @typedef {import('./cases.js').Case} Case
 * @typedef {Awaited<ReturnType<typeof connectPeerNamespace>>} Network
 *
 * @typedef {object} Peer one connection. Times of the system's clock in milliseconds
 * @property {number} port
 * @property {number} applied
 * @property {number} userTimeout that the profile came to
 * @property {number} [wrote]
 * @property {number} [retuned]
 * @property {number} [ended]
 * @property {string} [code] of the error that it ended with
 */

const [folder = '', form = 'normal', stagger = '100'] = process.argv.slice(2);
/** @type {typeof import('tcp-keepalive')} */
const { applyKeepalive, applyKeepaliveToAll, readKeepalive } = createRequire(path.join(folder, 'package.json'))(
  'tcp-keepalive',
);

class Path {
  /** @param {Network} network @param {number} number @param {Tools} tools */
  constructor(network, number, tools) {
    this.address = network.addPeer(number).address;
    this.tools = tools;
  }

  /** @param {'add' | 'del'} change */
  plug(change) {
    this.tools.ip.stdin?.write(`addr ${change} ${this.address}/32 dev tka1\n`);
  }

  lose() {
    const rule = `add rule ip loss peers ip daddr ${this.address} numgen random mod 100 < 30 drop`;
    this.tools.network.spawn('nft', [rule], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

/** @typedef {{ network: Network, ip: import('node:child_process').ChildProcess, peers: import('node:child_process').ChildProcess }} Tools */

/** @param {Case} case_ @param {number} number @param {Tools} tools */
async function runCase(case_, number, tools) {
  const line = new Path(tools.network, number, tools);
  await sleep(number * Number(stagger));
  /** @type {Map<net.Socket, Peer>} */
  const peers = new Map();
  const server = net.createServer((socket) => accept(socket, case_, peers));
  await once(server.listen(0, tools.network.address), 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  /** @param {object} command */
  const say = (command) => tools.peers.stdin?.write(`${JSON.stringify(command)}\n`);
  say({ connect: line.address, host: tools.network.address, port, peers: case_.peers, spread: case_.spread });
  while (peers.size < case_.peers) await sleep(200);

  const start = Date.now();
  for (const step of case_.steps) {
    await sleep(start + step.at - Date.now());
    if (step.act === 'cut') line.plug('del');
    else if (step.act === 'mend') line.plug('add');
    else if (step.act === 'lose') line.lose();
    else if (step.act === 'speak') say({ speak: port });
    else await act(step, peers);
  }
  while ([...peers.values()].some(({ ended }) => ended === undefined) && Date.now() < start + case_.until)
    await sleep(200);
  const measured = { port, start, stopped: Date.now(), peers: [...peers.values()].map((peer) => ({ ...peer })) };
  for (const socket of peers.keys()) socket.destroy();
  server.close();
  return measured;
}

/** @param {net.Socket} socket @param {Case} case_ @param {Map<net.Socket, Peer>} peers */
function accept(socket, { profile }, peers) {
  const peer = /** @type {Peer} */ ({ port: socket.remotePort, applied: Date.now() });
  applyKeepalive(socket, profile);
  peer.userTimeout = readKeepalive(socket).userTimeout ?? 0;
  peers.set(socket, peer);
  socket.resume();
  socket.on('error', (/** @type {NodeJS.ErrnoException} */ { code }) => (peer.code = code ?? ''));
  socket.on('close', () => (peer.ended = Date.now()));
}

/** What is done at this side. @param {import('./cases.js').Step} step @param {Map<net.Socket, Peer>} peers */
async function act({ act, profile }, peers) {
  const living = [...peers].filter(([socket]) => !socket.destroyed);
  if (act === 'write') {
    for (const [socket, peer] of living) {
      peer.wrote = Date.now();
      socket.write('.');
    }
  } else if (profile !== undefined) {
    for (const [, peer] of living) peer.retuned = Date.now();
    const sockets = living.map(([socket]) => socket);
    if (act === 'retune all') await applyKeepaliveToAll(sockets, profile, { spread: 0 });
    else for (const socket of sockets) applyKeepalive(socket, profile);
  }
}

async function main() {
  const network = await connectPeerNamespace();
  const nft = ['add table ip loss', 'add chain ip loss peers { type filter hook input priority 0 ; }'];
  for (const command of nft) await once(network.spawn('nft', [command], { stdio: 'inherit' }), 'exit');
  const tools = {
    network,
    ip: network.spawn('ip', ['-batch', '-'], { stdio: ['pipe', 'ignore', 'inherit'] }),
    peers: network.spawn(process.execPath, [path.join(__dirname, 'peers.js')], {
      stdio: ['pipe', 'ignore', 'inherit'],
    }),
  };
  const wire = await capture('tka0');
  const clock = readClock();
  const chosen = casesOf(/** @type {import('./cases.js').Form} */ (form));
  const runs = await Promise.all(chosen.map((case_, index) => runCase(case_, index + 1, tools)));
  const connections = connectionsOf(await wire.stop());
  console.log(JSON.stringify({ clock }));
  for (const [index, { port, ...run }] of runs.entries()) {
    const peers = run.peers.map((peer) => ({ ...peer, ...connections.get(`${port}:${peer.port}`) }));
    console.log(JSON.stringify({ case: chosen[index]?.name, ...run, peers }));
  }
  for (const child of [tools.ip, tools.peers]) child.kill();
  await network.close();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.log(JSON.stringify({ failed: error.stack }));
    process.exit(1);
  },
);
