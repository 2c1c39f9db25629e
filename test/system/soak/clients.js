'use strict';
// Started by run.js on the peers' side: connections that are ended in every way and replaced, and some that are cut.
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');

/**
 * @typedef {object} Orders
 * @property {number} id of the answer
 * @property {{ host: string, port: number, addresses: string[], connections: number, churn: number }} [start]
 * @property {number} [cut] group
 * @property {number} [renew] group
 * @property {boolean} [stop]
 */

/** @type {NonNullable<Orders['start']>} */
let plan;
/** @type {Set<net.Socket>[]} */
let groups = [];
/** @type {Set<net.Socket>} */
const ending = new Set();
/** @type {number | undefined} */
let cutGroup;
let stopping = false;
/** Ended by nobody here. */
let lost = 0;
let replaced = 0;

/** @param {number} group */
async function connect(group) {
  const socket = net.connect({ host: plan.host, port: plan.port, localAddress: plan.addresses[group] });
  groups[group]?.add(socket.resume());
  socket.on('error', () => {});
  socket.on('close', () => {
    groups[group]?.delete(socket);
    if (!ending.delete(socket) && !stopping) lost += 1;
    if (!stopping && group !== cutGroup) void connect(group).catch(() => {});
  });
  await once(socket, 'connect');
}

/** @type {((socket: net.Socket) => void)[]} */
const endings = [
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.write('x'.repeat(1 + Math.random() * 10_000), () => socket.destroy()),
];

/** @template T @param {readonly T[]} from @returns {T} */
const any = (from) => /** @type {T} */ (from[Math.floor(Math.random() * from.length)]);

/** @param {net.Socket} socket @param {(socket: net.Socket) => void} end */
function end(socket, end) {
  if (ending.has(socket) || socket.connecting) return;
  ending.add(socket);
  end(socket);
}

/** The oldest of a group, or one of the newest: short and long lives. */
function churn() {
  const live = groups.filter((_, group) => group !== cutGroup);
  const sockets = [...any(live)];
  if (sockets.length === 0) return;
  replaced += 1;
  end(/** @type {net.Socket} */ (Math.random() < 0.5 ? sockets[0] : sockets.at(-1)), any(endings));
}

/** @param {number} group @param {number} count */
async function fill(group, count) {
  for (let i = 0; i < count; i += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - i) }, () => connect(group)));
  }
}

/** @param {Orders} orders */
async function obey({ id, start, cut, renew, stop }) {
  const perGroup = () => Math.floor(plan.connections / plan.addresses.length);
  if (start !== undefined) {
    plan = start;
    groups = plan.addresses.map(() => new Set());
    await Promise.all(groups.map((_, group) => fill(group, perGroup())));
    setInterval(churn, 1000 / plan.churn);
  }
  if (cut !== undefined) {
    cutGroup = cut;
    // What is on its way out, and in, must not look like lost.
    while ([...(groups[cut] ?? [])].some((socket) => ending.has(socket) || socket.connecting)) await sleep(10);
  }
  if (renew !== undefined) {
    const old = [...(groups[renew] ?? [])];
    for (const socket of old) {
      ending.add(socket);
      socket.destroy();
    }
    await Promise.all(old.map((socket) => (socket.closed ? undefined : once(socket, 'close'))));
    await fill(renew, perGroup());
    cutGroup = undefined;
  }
  if (stop === true) stopping = true;
  process.send?.({ id, lost, replaced, inGroup: groups[cut ?? -1]?.size });
}

process.on('message', (/** @type {Orders} */ orders) => void obey(orders));
process.on('disconnect', () => process.exit());
