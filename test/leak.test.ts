import { readdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import {
  LivenessMonitor,
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToServer,
  defineProfile,
  disableKeepalive,
  lastHeard,
  readKeepalive,
  readSystemKeepalive,
} from 'tcp-keepalive';
import { fdOf, oracle } from './fixtures/oracle';
import { other, profile } from './fixtures/profiles';
import { tcpPair } from './fixtures/sockets';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function used(): { descriptors: string[]; threads: number; malloc: number; heap: number } {
  for (let round = 0; round < 5; round += 1) collectGarbage();
  return {
    descriptors: readdirSync('/proc/self/fd'),
    threads: readdirSync('/proc/self/task').length,
    malloc: oracle.mallocInUse(),
    heap: process.memoryUsage().heapUsed,
  };
}

const rounds = 200_000;

void t.test(
  `${rounds} applies and reads leave nothing behind`,
  { skip: process.platform !== 'linux' && '/proc' },
  async (t) => {
    const { client, accepted, server } = await tcpPair(t);
    const agent = new Agent();
    const profiles = [defineProfile(profile), defineProfile(other)] as const;
    const flags = oracle.statusFlags(fdOf(client));
    t.equal(flags & oracle.O_NONBLOCK, oracle.O_NONBLOCK);

    function work(count: number): void {
      for (let round = 0; round < count; round += 1) {
        applyKeepalive(client, profiles[round & 1]!);
        applyKeepalive(accepted, profiles[0]);
        readKeepalive(client);
        if (round % 100 === 0) readSystemKeepalive();
        if (round % 1_000 === 0) disableKeepalive(client);
        if (round % 10 === 0) useServerAndAgent();
        if (round % 10 === 0) watch();
        if (round % 1_000 === 0) applyKeepalive(client, { ...profile });
      }
    }

    const monitor = new LivenessMonitor({ silentAfter: 1_000, checkEvery: 1_000 });
    function watch(): void {
      monitor.watch(client);
      monitor.watch(accepted);
      lastHeard(client);
      monitor.stop();
    }

    function useServerAndAgent(): void {
      const tuned = applyKeepaliveToServer(server, profiles[0]);
      tuned.update(profiles[1]);
      tuned.stop();
      applyKeepaliveToAgent(agent, profiles[0]).stop();
    }

    // Node tells async_hooks (tap has one) of ended timers in a later turn.
    const nextTurn = () => new Promise(setImmediate);
    work(5_000);
    await nextTurn();
    const before = used();
    work(rounds);
    await nextTurn();
    const after = used();
    t.strictSame(after.descriptors, before.descriptors, 'no descriptor');
    t.equal(after.threads, before.threads, 'no thread');
    t.ok(after.malloc - before.malloc < rounds, `no native memory: ${after.malloc - before.malloc} bytes`);
    t.ok(after.heap - before.heap < rounds * 5, `no JavaScript memory: ${after.heap - before.heap} bytes`);
    t.equal(oracle.statusFlags(fdOf(client)), flags, 'and the blocking mode as it was');
  },
);
