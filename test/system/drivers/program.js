'use strict';
// program.js WAY HOST PORTS PROFILE: opens connections with every driver and says what the kernel holds for each. Then asks
// each for what never comes and says when that has failed, and when the next question is answered.
const { createHook } = require('node:async_hooks');
const { once } = require('node:events');
const { setTimeout: delay } = require('node:timers/promises');

const [way = '', host = '', portsText = '', profileText = ''] = process.argv.slice(2);
const ports = JSON.parse(portsText);
const profile = JSON.parse(profileText);

/** Every TCP handle of this process, whoever made it. @type {Set<{ fd: number, getpeername(out: object): number }>} */
const handles = new Set();
createHook({
  init(_id, type, _trigger, resource) {
    if (type === 'TCPWRAP') handles.add(/** @type {any} */ (resource));
  },
}).enable();

const { applyKeepaliveToProcess } = require('tcp-keepalive');
const { held } = require('../../support/oracle.js');
const { byOwnOption, drivers, socketsAlone } = require('./drivers.js');

if (way === 'rule') {
  const servers = new Set(Object.values(ports));
  applyKeepaliveToProcess({ connections: ({ port }) => (servers.has(port) ? profile : undefined) });
}

/** What the kernel holds for each open connection to a port. @param {number} port */
function heldTo(port) {
  return [...handles].flatMap((handle) => {
    const peer = { port: 0 };
    return handle.fd >= 0 && handle.getpeername(peer) === 0 && peer.port === port ? [held(handle.fd)] : [];
  });
}

/** @param {import('./drivers.js').Connected} connected */
async function askAgain({ ask }) {
  for (;;) {
    const answered = await Promise.race([
      ask().then(
        () => true,
        () => false,
      ),
      delay(2_000, false),
    ]);
    if (answered) return;
    await delay(100);
  }
}

async function main() {
  const connected = [];
  for (const [name, { server, connect }] of Object.entries(way === 'option' ? byOwnOption(profile) : drivers)) {
    const port = ports[server];
    const before = heldTo(port).length;
    const driver = await connect(host, port);
    await driver.ask();
    console.log(`holds ${JSON.stringify([name, heldTo(port).slice(before)])}`);
    connected.push({ name, driver });
  }
  for (const [name, connect] of Object.entries(way === 'option' ? {} : socketsAlone)) {
    const before = heldTo(ports.silent).length;
    connect(host, ports.silent);
    while (heldTo(ports.silent).length === before) await delay(5);
    for (let turn = 0; turn < 2; turn += 1) await new Promise(setImmediate); // its 'connect'
    console.log(`holds ${JSON.stringify([name, heldTo(ports.silent).slice(before)])}`);
  }
  const waiting = connected.map(async ({ name, driver }) => {
    await driver.wait().catch(() => undefined);
    console.log(`lost ${name}`);
  });
  console.log('ready all');
  await once(process.stdin, 'data');
  await Promise.all(waiting);
  for (const { name, driver } of connected) {
    await askAgain(driver);
    console.log(`again ${name}`);
  }
  process.exit();
}

void main();
