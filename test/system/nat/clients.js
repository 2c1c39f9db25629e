'use strict';
// `clients.js JSON`: clients behind the router, one connection each: { name, kind: 'tcp' | 'ws' | 'events', port }. They print what
// happens to them: "NAME open", "NAME got TEXT", "NAME error CODE". `probes`: a profile of its own. `silence`: a watchdog that
// has it connect again. `asks`: writes after so many milliseconds, and expects an answer within `answer`.
const http = require('node:http');
const net = require('node:net');
const { applyKeepalive } = require('tcp-keepalive');
const { SilenceWatchdog } = require('tcp-keepalive/heartbeat');
const { WebSocket } = require('ws');

/** @typedef {{ name: string, kind: string, port: number, probes?: import('tcp-keepalive').KeepaliveProfile, silence?: number | undefined, asks?: number, answer?: number }} Client */
const [address = '', json = ''] = process.argv.slice(2);

/** @param {Client} client */
function start({ name, kind, port, probes, silence, asks, answer }) {
  /** @param {string} text */
  const tell = (text) => console.log(name, text);
  /** @param {NodeJS.ErrnoException} error */
  const failed = ({ code }) => tell(`error ${code}`);
  if (kind === 'ws') {
    const socket = new WebSocket(`ws://${address}:${port}/`);
    socket.on('open', () => tell('open')).on('error', failed);
    socket.on('message', (data) => tell(`got ${data}`));
  } else if (kind === 'events') {
    const again = () => start({ name, kind, port, silence });
    const watchdog = new SilenceWatchdog({ timeout: silence ?? 60_000, onSilence: again });
    const request = http.get({ host: address, port, agent: false }, (response) => {
      tell('open');
      watchdog.watch(response);
      response.setEncoding('utf8').on('error', failed);
      response.on('data', (text) => text.startsWith('data: ') && tell(`got ${text.slice(6).trim()}`));
    });
    request.on('error', failed);
  } else {
    const socket = net.connect(port, address);
    socket.on('error', failed).on('data', (text) => tell(`got ${text}`));
    socket.on('connect', () => {
      tell('open');
      if (probes) applyKeepalive(socket, probes);
      if (asks === undefined) return;
      new SilenceWatchdog({ timeout: answer ?? 0, armedBy: 'write' }).watch(socket);
      setTimeout(() => socket.write('are you there?'), asks);
    });
  }
}

for (const client of JSON.parse(json)) start(client);
