'use strict';
// npm run soak (or with --short): connections by the thousands, ended, replaced, re-tuned and cut, under a monitor. Fails
// if a cut one is noticed late or never, a live one is lost or called silent, memory grows, or a descriptor stays.
const { fork, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { median } = require('../../../bench/lib/statistics.js');
const { connectPeerNamespace, isIsolated, isolation } = require('../../support/network-namespace.js');
const { forms } = require('./forms.js');

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, minutes: { type: 'string' } } });
const form = { ...forms[values.short ? 'short' : 'long'] };
if (values.minutes !== undefined) form.duration = Number(values.minutes) * 60_000;

/** Several questions can be open at once. @param {import('node:child_process').ChildProcess} child */
function askable(child) {
  let last = 0;
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${child.spawnargs.join(' ')} ended with ${code ?? signal}`);
  });
  ended.catch(() => {});
  /** @param {object} orders @returns {Promise<any>} */
  const answer = (orders) =>
    new Promise((resolve) => {
      const id = (last += 1);
      /** @param {any} message */
      const listen = (message) => {
        if (message.id !== id) return;
        child.off('message', listen);
        resolve(message);
      };
      child.on('message', listen);
      child.send({ id, ...orders });
    });
  return {
    /** @param {object} orders */
    ask: (orders) => Promise.race([answer(orders), ended]),
    end: async () => {
      child.disconnect();
      await ended.catch(() => {});
    },
  };
}

/**
 * @typedef {ReturnType<typeof askable>} Askable
 * @typedef {Record<'rss' | 'heapUsed' | 'malloc', number>} Memory
 */

/** How much more a server may have at the end: allocators keep pages that are free. @type {Memory} */
const mayGrow = { rss: 0.1, heapUsed: 0.02, malloc: 0.05 };

/** How much more the last third has than the one before; the first one warms up. @param {number[]} samples */
function growth(samples) {
  const third = Math.floor(samples.length / 3);
  return median(samples.slice(2 * third)) / median(samples.slice(third, 2 * third)) - 1;
}

/** For the servers to see what happened, on a busy machine. */
const deadline = 60_000;

const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(1)} %`;

/** @type {string[]} */
const broken = [];
/** @param {boolean} holds @param {string} what */
function expect(holds, what) {
  console.log(`${holds ? 'holds ' : 'BROKEN'} ${what}`);
  if (!holds) broken.push(what);
}

/**
 * Has the clients leave a group alone, and waits until the servers have seen the last ones come and go.
 * @param {Askable[]} servers
 * @param {Askable[]} clients
 * @param {number} group
 * @param {string} address
 */
async function quiet(servers, clients, group, address) {
  const end = performance.now() + deadline;
  for (;;) {
    const theirs = await Promise.all(clients.map((child) => child.ask({ cut: group })));
    const ours = await Promise.all(servers.map((child) => child.ask({ count: address })));
    if (ours.every(({ counted }, i) => counted === theirs[i].inGroup)) return;
    if (performance.now() > end) {
      const counts = ours.map(({ counted }, i) => `${counted} of ${theirs[i].inGroup}`).join(', ');
      return expect(false, `before a cut a server has as many connections as its client: ${counts}`);
    }
    await sleep(50);
  }
}

/**
 * @param {Askable[]} servers
 * @param {Askable[]} clients
 * @param {{ address: string, cut: () => void, mend: () => void }[]} peers
 */
async function cutAndMend(servers, clients, peers) {
  const end = performance.now() + form.duration;
  let cuts = 0;
  while (performance.now() < end) {
    const group = cuts % peers.length;
    const peer = /** @type {(typeof peers)[number]} */ (peers[group]);
    await quiet(servers, clients, group, peer.address);
    peer.cut();
    await Promise.all(servers.map((child) => child.ask({ cut: peer.address })));
    cuts += 1;
    const start = performance.now();
    for (;;) {
      await sleep(250);
      const states = await Promise.all(servers.map((child) => child.ask({})));
      if (states.every(({ waiting }) => waiting === 0) || performance.now() - start > deadline) break;
    }
    peer.mend();
    await Promise.all(servers.map((child) => child.ask({ mended: true })));
    await Promise.all(clients.map((child) => child.ask({ renew: group })));
    await sleep(form.settle);
  }
  return cuts;
}

async function soak() {
  const network = await connectPeerNamespace();
  const peers = Array.from({ length: form.groups }, (_, i) => network.addPeer(i + 1));
  const all = form.connections * form.pairs;
  /** @type {Askable[]} */
  const servers = [];
  /** @type {Askable[]} */
  const clients = [];
  const exec = { execArgv: ['--expose-gc'] };
  for (let pair = 0; pair < form.pairs; pair += 1) {
    servers.push(askable(fork(path.join(__dirname, 'server.js'), exec)));
    /** @type {import('node:child_process').SpawnOptions} */
    const stdio = { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] };
    clients.push(askable(network.spawn(process.execPath, [path.join(__dirname, 'clients.js')], stdio)));
  }
  const { profiles, liveness, churn } = form;
  const addresses = peers.map(({ address }) => address);
  const connecting = servers.map(async (server, i) => {
    const { port } = await server.ask({ listen: { host: network.address, profiles, liveness } });
    const start = { host: network.address, port, addresses, connections: form.connections, churn };
    return clients[i]?.ask({ start });
  });
  await Promise.all(connecting);
  console.log(`${all} connections`);

  /** @type {Memory[][]} */
  const samples = servers.map(() => []);
  const sample = async () => {
    const states = await Promise.all(servers.map((server) => server.ask({})));
    states.forEach(({ memory }, i) => samples[i]?.push(memory));
    if ((samples[0]?.length ?? 0) % 6 !== 1) return;
    const sum = (/** @type {string} */ name) => states.reduce((total, state) => total + state[name], 0);
    const memory = states.map(({ memory }) => Object.values(memory).map(megabytes).join(' / ')).join(', ');
    const time = new Date().toISOString().slice(11, 19);
    console.log(`${time} ${sum('connections')} connections, ${sum('waiting')} cut, RSS / heap / malloc ${memory}`);
  };
  const samplesEvery = setInterval(() => void sample(), form.duration / 60);
  let turn = 0;
  const retune = () => {
    turn += 1;
    for (const server of servers) void server.ask({ retune: profiles[turn % profiles.length] });
  };
  const retunes = setInterval(retune, form.retuneEvery);
  const cuts = await cutAndMend(servers, clients, peers);
  clearInterval(retunes);
  clearInterval(samplesEvery);

  const ends = await Promise.all(clients.map((client) => client.ask({ stop: true })));
  const states = await Promise.all(servers.map((server) => server.ask({})));
  const closed = await Promise.all(servers.map((server) => server.ask({ stop: true })));
  await Promise.all([...clients, ...servers].map((child) => child.end()));
  await network.close();
  report({ all, cuts, ends, states, closed, samples });
}

/** @param {{ all: number, cuts: number, ends: any[], states: any[], closed: any[], samples: Memory[][] }} record */
function report({ all, cuts, ends, states, closed, samples }) {
  /** @param {any[]} from @param {(one: any) => number} of */
  const sum = (from, of) => from.reduce((total, one) => total + of(one), 0);
  /** @param {string} name */
  const found = (name) => sum(states, ({ findings }) => findings[name]);
  const replaced = sum(ends, (one) => one.replaced);
  console.log(
    `${cuts} cuts, ${replaced} ended and replaced, ${found('retuned')} re-tuned, ${found('accepted')} accepted`,
  );
  console.log(`gone: ${states.map(({ findings }) => JSON.stringify(findings.gone)).join(' ')}`);

  const longest = Math.max(...states.map(({ findings }) => findings.longest));
  expect(found('cut') >= (cuts * all) / form.groups / 2, `${found('cut')} connections were cut`);
  expect(found('unnoticed') === 0, `${found('unnoticed')} cut ones were never noticed`);
  expect(
    found('late') === 0,
    `${found('late')} were noticed late; the slowest took ${percent(longest)} of its promise`,
  );
  expect(found('silentFirst') > 0, `${found('silentFirst')} of them the monitor called silent before`);
  expect(found('livesLost') === 0, `${found('livesLost')} live ones were given up by a server`);
  expect(sum(ends, ({ lost }) => lost) === 0, `${sum(ends, ({ lost }) => lost)} live ones were lost by a client`);
  expect(found('falselySilent') === 0, `${found('falselySilent')} live ones were called silent`);
  expect(found('refused') === 0, `${found('refused')} refused a profile`);
  for (const { connections, watched } of states) {
    expect(connections === watched, `${watched} are watched of ${connections} that are open at the end`);
  }
  samples.forEach((own, i) => {
    for (const name of /** @type {(keyof Memory)[]} */ (Object.keys(mayGrow))) {
      const grown = growth(own.map((memory) => memory[name]));
      const what = `${name} of server ${i + 1} ends at ${megabytes(own.at(-1)?.[name] ?? 0)}, ${percent(grown)} more`;
      // Of a few seconds memory tells nothing.
      if (values.short) console.log(`seen   ${what}`);
      else expect(grown < mayGrow[name], what);
    }
  });
  expect(
    closed.every(({ descriptors }) => descriptors === 0),
    `${sum(closed, (one) => one.descriptors)} descriptors are left`,
  );
}

async function main() {
  if (!isIsolated) {
    const way = isolation();
    if ('reason' in way) throw new Error(`test/system/soak/run.js needs a network namespace: ${way.reason}`);
    const [file = '', ...args] = way.command;
    return spawnSync(file, [...args, process.execPath, ...process.argv.slice(1)], { env: way.env, stdio: 'inherit' })
      .status;
  }
  await soak();
  return broken.length === 0 ? 0 : 1;
}

main().then((code) => (process.exitCode = code ?? 1));
