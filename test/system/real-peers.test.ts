// The examples, run as a user would, with real peers that all vanish at once. Runs again inside a private network
// namespace.
import net from 'node:net';
import t, { type Test } from 'tap';
import { detectionTime } from 'tcp-keepalive';
import { within } from '../../examples/lib/deadline.js';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { heldBy } from '../support/oracle';
import { Output, type PipedProcess } from '../support/output';
import { inNamespace } from '../support/rerun';
import { accepted, portOf } from '../support/sockets';
import { profile, program, scenarios, type Stage } from './real-peers/scenarios';

const { idle: promised } = detectionTime(profile);

// What a verdict may take beyond its time before the test calls it late: these machines are shared.
const room = 3_000;
const slowMachine = 15_000;

const printedByExamples = [
  'a client vanished',
  'is gone: transport close',
  'is gone: transport error',
  'a listener is gone, 0 left',
  'phone: read ETIMEDOUT',
  'phone is gone',
  'the gateway is lost: read ETIMEDOUT',
  'Redis: read ETIMEDOUT',
];

inNamespace(__filename, () => void t.test('every example notices that its peers have vanished', cutAndMeasure));

async function cutAndMeasure(t: Test): Promise<void> {
  const printed = t.capture(console, 'log');
  const network = await connectPeerNamespace();
  t.teardown(() => network.close());
  const stage = stageFor(t, network);

  // To compare with: a server that nothing is applied to.
  const untouched = net.createServer((socket) => socket.pipe(socket)).listen(0);
  const believed = accepted(t, untouched);
  await within(slowMachine, 'peers', stage.client('echo', await portOf(untouched)));

  const starting = Object.entries(scenarios).map(async ([name, scenario]) => {
    return { name, ...(await within(slowMachine, name, scenario(stage))) };
  });
  const everything = await Promise.all(starting);
  network.cut();
  const cutAt = performance.now();
  const endings = everything.map(async (connected) => {
    const lost = await within(promised + 2 * room, 'its loss', connected.lost).catch((error: unknown) => error);
    return { ...connected, lost, after: Math.round(performance.now() - cutAt) };
  });

  for (const { name, verdict, lost, after, ...connected } of await Promise.all(endings)) {
    await t.test(name, async (t) => {
      t.ok(connected.held.length > 0, 'has connections');
      for (const holds of connected.held) t.strictSame(holds, heldBy(profile), 'by raw getsockopt');
      t.strictSame(lost, verdict, 'by its own events');
      // The last answer may be as old as the last probe.
      t.ok(after > promised - 1_500 && after < promised + room, `promised ${promised} ms, took ${after} ms`);
    });
  }
  t.notOk(believed[0]!.destroyed, 'without a profile: still believed in');

  network.mend();
  for (const { name, afterwards } of everything) if (afterwards) await within(slowMachine, name, afterwards());

  const lines = printed()
    .map(({ args }) => args.join(' '))
    .join('\n');
  for (const end of printedByExamples) t.match(lines, RegExp(`${end}$`, 'm'), end);
}

function stageFor(t: Test, network: Awaited<ReturnType<typeof connectPeerNamespace>>): Stage {
  const onPeersSide = (name: string, ...args: string[]) => {
    const child = network.spawn(process.execPath, [program(name), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Output(t, child as PipedProcess);
  };
  const servers = onPeersSide('servers');
  const clients = onPeersSide('clients', network.address);
  let asked = 0;
  return {
    t,
    async client(kind, port) {
      asked += 1;
      const line = `${port} ${kind} ${asked}`;
      clients.child.stdin.write(`${line}\n`);
      return (await clients.lines(new RegExp(`^${line}: (.*)`)))[0]!;
    },
    peerAddress: network.peerAddress,
    peerPort: async (name) => Number((await servers.lines(new RegExp(`^${name}: (.*)`)))[0]),
  };
}
