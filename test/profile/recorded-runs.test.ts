// The model of Linux beside kernels that were run: connections whose peers vanished, as `npm run long -- kernels --record`
// saw them on the wire.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { Outcome, ScenarioEvent } from '../../dist/profile/kernel-model.js';
import { bucketWidth, latestIdleVerdict, type ProbeTiming } from '../../dist/profile/kernel-timers.js';
import { simulateLinux } from '../../dist/profile/linux-model.js';

interface RecordedPeer {
  readonly applied: number;
  readonly userTimeout: number;
  readonly heard: readonly number[];
  readonly probes: readonly number[];
  readonly verdict: number;
}
/** Times in milliseconds since a tick of the kernel's clock began. */
interface RecordedRun extends ProbeTiming {
  readonly kernel: string;
  readonly rate: number;
  readonly jiffies: number;
  readonly peers: readonly RecordedPeer[];
}

const runs = JSON.parse(readFileSync(path.join(__dirname, 'recorded-runs.json'), 'utf8')) as RecordedRun[];

/** What a shared machine may be late by. */
const late = 120;
/** The tick in which a packet was received or an option was set is known to a few. */
const shifts = [0, -1, 1, -2, 2, -3, 3];
/** So is when the kernel began to count, which decides where a probe comes within a tick of the user timeout. */
const doubts = [0, -5, 5];

function simulated(run: RecordedRun, peer: RecordedPeer, shift: number, doubt: number): Outcome {
  const { rate } = run;
  const tick = Math.floor((peer.heard[0]! * rate) / 1000);
  const since = (time: number) => Math.max(0, time - (tick * 1000) / rate);
  const at = since(peer.applied);
  const events: ScenarioEvent[] = [
    { at, set: 'userTimeout', to: peer.userTimeout && peer.userTimeout + doubt },
    { at, set: 'interval', to: run.interval },
    { at, set: 'count', to: run.count },
    { at, set: 'initialDelay', to: run.initialDelay },
    { at, set: 'enabled', to: 1 },
    ...peer.heard.slice(1).map((time): ScenarioEvent => ({ at: since(time), arrives: 'acknowledgement' })),
  ];
  const scenario = { events, answer: () => undefined, retransmissionTimeout: 200, until: 1e9 };
  const outcome = simulateLinux(scenario, { rate, jiffies: run.jiffies + tick + shift });
  const onRecord = (time: number) => time + (tick * 1000) / rate;
  return {
    ...outcome,
    packets: outcome.packets.map((packet) => ({ ...packet, at: onRecord(packet.at) })),
    verdict: outcome.verdict && { ...outcome.verdict, at: onRecord(outcome.verdict.at) },
  };
}

/** By how much the model is wrong at most, in milliseconds. */
function error(run: RecordedRun, peer: RecordedPeer, shift: number, doubt: number): number {
  const { packets, verdict } = simulated(run, peer, shift, doubt);
  const probes = packets.filter(({ kind }) => kind === 'probe').map(({ at }) => at);
  if (probes.length !== peer.probes.length) return Infinity;
  const errors = probes.map((at, index) => Math.abs(at - peer.probes[index]!));
  return Math.max(Math.abs((verdict?.at ?? Infinity) - peer.verdict), ...errors);
}

function leastError(run: RecordedRun, peer: RecordedPeer): number {
  return Math.min(...shifts.flatMap((shift) => doubts.map((doubt) => error(run, peer, shift, doubt))));
}

/** A timer that a slow machine runs late can move the next one into the bucket after its own. */
function oneBucket({ initialDelay, rate }: RecordedRun): number {
  return (bucketWidth((initialDelay * rate) / 1000) * 1000) / rate;
}

for (const kernel of new Set(runs.map(({ kernel, rate }) => `Linux ${kernel}, HZ ${rate}`))) {
  void t.test(kernel, async (t) => {
    const all: number[] = [];
    for (const run of runs.filter((run) => `Linux ${run.kernel}, HZ ${run.rate}` === kernel)) {
      const timing = `${run.initialDelay / 1000}/${run.interval / 1000}/${run.count}`;
      const errors = run.peers.map((peer) => leastError(run, peer));
      all.push(...errors);
      const worst = Math.max(...errors);
      t.ok(worst <= late + oneBucket(run), `${timing}: probes and verdicts within ${Math.ceil(worst)} ms of the model`);
      for (const peer of run.peers) {
        const silence = peer.verdict - Math.max(peer.applied, peer.heard.at(-1)!);
        const bound = latestIdleVerdict(run, peer.userTimeout);
        t.ok(silence <= bound + late + oneBucket(run), `${timing}: given up after ${silence} ms, by ${bound}`);
      }
    }
    const typical = all.sort((a, b) => a - b)[Math.floor(0.75 * all.length)]!;
    t.ok(typical <= late / 4, `three of four within ${typical} ms`);
  });
}
