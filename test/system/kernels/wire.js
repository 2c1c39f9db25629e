'use strict';
// What a capture tells of each connection: when the peer was heard, when it was probed, when the kernel gave it up.

/**
 * @typedef {object} Seen times of the system's clock in milliseconds
 * @property {number[]} heard
 * @property {number[]} probes
 * @property {number[]} sent data, each time that it was sent
 * @property {number} [reset] the kernel gave up and said so
 */

const flag = { syn: 2, reset: 4, ack: 16 };

/**
 * By local and peer port.
 * @param {readonly import('../../support/traffic-capture.js').Packet[]} packets
 */
exports.connectionsOf = (packets) => {
  /** @type {Map<string, Seen & { next: number }>} */
  const connections = new Map();
  for (const packet of packets) {
    const key = `${packet.localPort}:${packet.peerPort}`;
    const seen = connections.get(key) ?? { heard: [], probes: [], sent: [], next: 0 };
    connections.set(key, seen);
    add(seen, packet);
  }
  return new Map([...connections].map(([key, { next: _, ...seen }]) => [key, /** @type {Seen} */ (seen)]));
};

/** @param {Seen & { next: number }} seen @param {import('../../support/traffic-capture.js').Packet} packet */
function add(seen, { outgoing, flags, sequence, payload, at }) {
  if (!outgoing) {
    if ((flags & flag.syn) === 0) seen.heard.push(at);
    return;
  }
  const end = sequence + payload + ((flags & flag.syn) === 0 ? 0 : 1);
  if ((flags & flag.reset) !== 0) seen.reset ??= at;
  else if (payload > 0) seen.sent.push(at);
  // net/ipv4/tcp_output.c, tcp_xmit_probe_skb: a sequence number that the peer has acknowledged, so that it answers.
  else if (flags === flag.ack && sequence === seen.next - 1) seen.probes.push(at);
  seen.next = Math.max(seen.next, end);
}
