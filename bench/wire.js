'use strict';
// node bench/wire.js: the packets of three connections whose peers vanish, recorded (wire.json) and drawn (wire.svg), in
// 2.5 minutes. --draw: only draws the record again.
const { once } = require('node:events');
const { readFileSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const prettier = require('prettier');
const { applyKeepalive, profiles } = require('tcp-keepalive');
const { connectPeerNamespace, isIsolated } = require('../test/support/network-namespace.js');
const { capture } = require('../test/support/traffic-capture.js');
const { runIsolated } = require('./lib/isolated.js');
const { drawWire } = require('./lib/wire-picture.js');

/**
 * Times are seconds since the last data before the cut, to a hundredth.
 * @typedef {{ at: number, kind: 'probe' | 'answer' | 'data' | 'again' }} Packet
 * @typedef {{ name: string, packets: Packet[], end: { at: number, code: string } | null }} Lane
 * @typedef {{ node: string, system: string, date: string, cut: number, duration: number, lanes: Lane[] }} Wire
 */

const record = path.join(__dirname, 'wire.json');
const picture = path.join(__dirname, 'wire.svg');

const { initialDelay, interval, count } = profiles.presence;
const scenes = [
  { name: 'profiles.presence, nothing is written', profile: profiles.presence, writes: false },
  { name: 'profiles.presence, one write', profile: profiles.presence, writes: true },
  { name: 'the same without a user timeout, one write', profile: { initialDelay, interval, count }, writes: true },
];
const cutAt = 40;
const writeAt = 68; // between the second probe without an answer and the third
const duration = 140;
const acknowledgement = 16;

/** @returns {Promise<Wire>} */
async function measure() {
  const network = await connectPeerNamespace();
  const server = net.createServer().listen(0, network.address);
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  const program = path.join(__dirname, '..', 'test', 'support', 'peers.js');
  const args = [program, network.address, String(port), String(scenes.length)];
  const phones = network.spawn(process.execPath, args, { stdio: 'inherit' });
  /** @type {net.Socket[]} */
  const sockets = [];
  while (sockets.length < scenes.length)
    sockets.push(.../** @type {[net.Socket]} */ (await once(server, 'connection')));

  const wire = await capture('tka0');
  const start = Date.now();
  const seconds = (/** @type {number} */ at) => Math.round((at - start) / 10) / 100;
  const lanes = scenes.map(({ name, profile, writes }, index) => {
    const socket = /** @type {net.Socket} */ (sockets[index]);
    /** @type {Lane & { port: number | undefined, socket: net.Socket, writes: boolean }} */
    const lane = { name, packets: [], end: null, port: socket.remotePort, socket, writes };
    socket.on(
      'error',
      (/** @type {NodeJS.ErrnoException} */ { code = '' }) => (lane.end = { at: seconds(Date.now()), code }),
    );
    applyKeepalive(socket, profile);
    socket.write('hello');
    return lane;
  });
  await sleep(cutAt * 1000);
  network.cut();
  await sleep((writeAt - cutAt) * 1000);
  for (const { socket, writes } of lanes) if (writes) socket.write('news');
  await sleep((duration - writeAt) * 1000);

  const packets = await wire.stop();
  for (const lane of lanes) {
    let highest = -1;
    for (const packet of packets.filter(({ peerPort }) => peerPort === lane.port)) {
      const { outgoing, payload, sequence, flags, at } = packet;
      const kind = !outgoing ? 'answer' : payload > 0 ? (sequence > highest ? 'data' : 'again') : 'probe';
      if (payload > 0) highest = Math.max(highest, sequence);
      if (flags === acknowledgement || payload > 0) lane.packets.push({ at: seconds(at), kind });
    }
    lane.socket.destroy();
  }
  phones.kill();
  await network.close();
  server.close();
  return {
    node: process.versions.node,
    system: `${os.type()} ${os.release()}`,
    date: new Date().toISOString().slice(0, 10),
    cut: cutAt,
    duration,
    lanes: lanes.map(({ name, packets, end }) => ({ name, packets, end })),
  };
}

async function main() {
  const draw = process.argv.includes('--draw');
  if (!draw && !isIsolated) return runIsolated();
  if (!draw) {
    const options = { ...(await prettier.resolveConfig(record)), filepath: record };
    writeFileSync(record, await prettier.format(JSON.stringify(await measure(), null, 2), options));
  }
  writeFileSync(picture, drawWire(JSON.parse(readFileSync(record, 'utf8'))));
  return 0;
}

main().then((code) => (process.exitCode = code));
