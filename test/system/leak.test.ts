// What each function leaves behind, by itself: descriptors, threads, memory of C++ and of JavaScript.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Agent, IncomingMessage, ServerResponse } from 'node:http';
import t from 'tap';
import {
  LivenessMonitor,
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToAll,
  applyKeepaliveToServer,
  defineProfile,
  disableKeepalive,
  lastHeard,
  readKeepalive,
  readSystemKeepalive,
  readTcpInfo,
} from 'tcp-keepalive';
import { EventStreamHeartbeat, Http2Heartbeat, SilenceWatchdog, WebSocketHeartbeat } from 'tcp-keepalive/heartbeat';
import { heapInUse } from '../support/garbage';
import { http2Sessions } from '../support/http2-sessions';
import { fdOf, oracle } from '../support/oracle';
import { other, profile } from '../support/profiles';
import { tcpPair, unixPair } from '../support/sockets';
import { open, webSocketServer } from '../support/web-sockets';

function used(): { descriptors: string[]; threads: number; malloc: number; heap: number } {
  const heap = heapInUse();
  return {
    descriptors: readdirSync('/proc/self/fd'),
    threads: readdirSync('/proc/self/task').length,
    malloc: oracle.mallocInUse(),
    heap,
  };
}

const rounds = 12_000;
/** Of a leak: less in each call is no object, and no block of malloc. */
const leastLeak = 16;

void t.test('no call leaves anything behind', { skip: process.platform !== 'linux' && '/proc' }, async (t) => {
  const { client, accepted, server } = await tcpPair(t);
  const unix = await unixPair(t);
  const gone = await tcpPair(t);
  await Promise.all([gone.client, gone.accepted].map((socket) => once(socket.destroy(), 'close')));
  const agent = new Agent();
  const profiles = [defineProfile(profile), defineProfile(other)] as const;
  const monitor = new LivenessMonitor({ silentAfter: 1_000, checkEvery: 1_000 });
  const webSockets = await open(t, await webSocketServer(t));
  const sessions = await http2Sessions(t);
  const response = new ServerResponse(new IncomingMessage(client));
  const beat = { interval: 60_000, timeout: 60_000 };
  const [events, pings] = [new EventStreamHeartbeat(beat), new Http2Heartbeat(beat)];
  const clients = new Set([webSockets.client]);
  const flags = oracle.statusFlags(fdOf(client));
  t.equal(flags & oracle.O_NONBLOCK, oracle.O_NONBLOCK);

  const refused = (call: () => unknown) => () => {
    try {
      call();
    } catch {
      return;
    }
    throw new Error('not refused');
  };
  const calls: Record<string, (round: number) => unknown> = {
    applyKeepalive: (round) => applyKeepalive(client, profiles[round & 1]!),
    'applyKeepalive, nothing to do': () => applyKeepalive(accepted, profiles[0]),
    'applyKeepalive, a new object': () => applyKeepalive(client, { ...profile }),
    'applyKeepalive, a bad profile': refused(() => applyKeepalive(client, { ...profile, count: 0 })),
    'applyKeepalive, closed': refused(() => applyKeepalive(gone.client, profile)),
    'applyKeepalive, no TCP': refused(() => applyKeepalive(unix.client, profile)),
    readKeepalive: () => readKeepalive(client),
    'readKeepalive, no TCP': refused(() => readKeepalive(unix.client)),
    disableKeepalive: () => disableKeepalive(client),
    readSystemKeepalive: () => readSystemKeepalive(),
    readTcpInfo: () => readTcpInfo(client),
    'readTcpInfo, no TCP': refused(() => readTcpInfo(unix.client)),
    lastHeard: () => lastHeard(client),
    'lastHeard, no TCP': refused(() => lastHeard(unix.client)),
    applyKeepaliveToServer: () => {
      const tuned = applyKeepaliveToServer(server, profiles[0]);
      tuned.update(profiles[1]);
      tuned.stop();
    },
    applyKeepaliveToAgent: () => applyKeepaliveToAgent(agent, profiles[0]).stop(),
    LivenessMonitor: () => {
      monitor.watch(client);
      monitor.watch(accepted);
      monitor.stop();
    },
    WebSocketHeartbeat: () => new WebSocketHeartbeat(clients, beat).stop(),
    EventStreamHeartbeat: () => {
      events.add(response);
      events.remove(response);
    },
    Http2Heartbeat: () => {
      pings.add(sessions.client);
      pings.remove(sessions.client);
    },
  };
  for (const armedBy of ['silence', 'write'] as const) {
    const watchdog = new SilenceWatchdog({ timeout: 60_000, armedBy });
    for (const [name, target] of Object.entries({ client, webSocket: webSockets.client, session: sessions.client })) {
      calls[`SilenceWatchdog, ${armedBy}, ${name}`] = () => {
        watchdog.watch(target);
        watchdog.wrote();
        watchdog.heard();
        watchdog.stop();
      };
    }
  }
  const one = async (call: (round: number) => unknown, count: number) => {
    for (let round = 0; round < count; round += 1) call(round);
    // Node tells async_hooks (tap has one) of ended timers in a later turn.
    await new Promise(setImmediate);
  };
  const fleet = async (_call: unknown, count: number) => {
    const options = { spread: 0 };
    for (let round = 0; round < count; round += 1) await applyKeepaliveToAll([client], profiles[round & 1]!, options);
  };
  const all = [...Object.entries(calls), ['applyKeepaliveToAll', () => undefined] as const];
  for (const [name, call] of all) {
    const work = name === 'applyKeepaliveToAll' ? fleet : one;
    await work(call, rounds / 4);
    let before = used();
    let after = before;
    const grown = (kind: 'malloc' | 'heap') => after[kind] - before[kind];
    // What is freed late comes and goes; a leak grows each time.
    for (let time = 0; time < 6; time += 1) {
      before = used();
      await work(call, rounds);
      after = used();
      if (Math.max(grown('malloc'), grown('heap')) < rounds * leastLeak) break;
    }
    t.strictSame(after.descriptors, before.descriptors, `${name}: no descriptor`);
    t.equal(after.threads, before.threads, `${name}: no thread`);
    for (const kind of ['malloc', 'heap'] as const) {
      t.ok(grown(kind) < rounds * leastLeak, `${name}: ${kind} ${grown(kind)} bytes`);
    }
  }
  t.equal(oracle.statusFlags(fdOf(client)), flags, 'and the blocking mode as it was');
});
