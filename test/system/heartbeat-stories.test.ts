// The heartbeats' examples, run as a user would, against clients that freeze, read slowly, and are cut off. Runs again inside
// a private network namespace. Scaled down: seconds for minutes.
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { defineProfile, detectionTime, disconnectReason, lastHeard } from 'tcp-keepalive';
import type { WebSocket } from 'ws';
import { start as startDevices } from '../../examples/device-server.js';
import { start as startListening } from '../../examples/event-stream-client.js';
import { start as startEventStream } from '../../examples/event-stream-push.js';
import { start as startPush } from '../../examples/web-socket-push.js';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { poll } from '../support/poll';
import { accepted, portOf } from '../support/sockets';
import { Output, type PipedProcess } from '../support/output';
import { inNamespace } from '../support/rerun';
import { socketOf } from '../support/web-sockets';

/** A write is unanswered for this long, then TCP gives up: before the heartbeats do, to see that it does. */
const profile = defineProfile({ initialDelay: 2_000, interval: 1_000, count: 3, userTimeout: 'match' });
const { inFlight } = detectionTime(profile);
/** Below the initial delay: the heartbeat is the only one that sends. */
const beat = { interval: 1_500, timeout: 8_000 };
/** 5 to 6, as 5 minutes to 6. */
const stream = { interval: 2_500, timeout: 3_000 };
const slowMachine = 15_000;
/** More than the kernels hold. */
const plenty = 64 << 20;

inNamespace(__filename, () => void t.test('clients that freeze, read slowly and vanish', play));

type Network = Awaited<ReturnType<typeof connectPeerNamespace>>;

/** A client on the other side of the cable, once it is connected. */
async function client(t: Test, network: Network, kind: string, url: string): Promise<Output> {
  const program = [require.resolve('./heartbeat-stories/client.js'), kind, url];
  const child = network.spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = new Output(t, child as PipedProcess);
  await output.lines(/^(open)/);
  return output;
}

interface Connected {
  readonly socket: Socket;
  readonly process: Output;
}

/** Opens one connection and answers the server's end of it. */
async function opened(server: Server, open: () => Promise<Output>): Promise<Connected> {
  const event = server instanceof tls.Server ? 'secureConnection' : 'connection';
  const connection = once(server, event) as Promise<[Socket]>;
  const process = await open();
  const [socket] = await connection;
  return { socket, process };
}

async function play(t: Test): Promise<void> {
  t.capture(console, 'log');
  const network = await connectPeerNamespace();
  t.teardown(() => network.close());
  const stories = [
    await webSocketStory(t, network, 'push over TLS', 'wss', startPush(profile, 0, beat)),
    await webSocketStory(t, network, 'devices', 'ws', startDevices(profile, 0, beat)),
    await eventStreamStory(t, network),
  ];
  await Promise.all(stories.map(({ freeze }) => freeze()));
  for (const { stay, name } of stories)
    for (const { socket } of stay) t.notOk(socket.destroyed, `${name}: still there`);

  network.cut();
  const cutAt = performance.now();
  const losses = stories.flatMap(({ name, stay }) =>
    stay.map(async ({ socket }) => {
      await poll(`${name}: lost`, () => socket.destroyed, inFlight! + slowMachine);
      return { name, socket, after: performance.now() - cutAt };
    }),
  );
  for (const { name, socket, after } of await Promise.all(losses)) {
    t.equal(disconnectReason(socket.errored), 'timed-out', `${name}: by TCP`);
    t.ok(after < beat.interval + inFlight! + 3_000, `${name}: ${Math.round(after)} ms after the cut`);
  }
  for (const { atTheEnd } of stories) atTheEnd();
}

interface Story {
  readonly name: string;
  /** Those who must live until the cable is cut: one that is well, one that reads slowly. */
  readonly stay: readonly Connected[];
  readonly freeze: () => Promise<void>;
  readonly atTheEnd: () => void;
}

async function webSocketStory(
  t: Test,
  network: Network,
  name: string,
  protocol: string,
  { server, sockets, heartbeat }: ReturnType<typeof startPush> | ReturnType<typeof startDevices>,
): Promise<Story> {
  accepted(t, server);
  t.teardown(() => heartbeat.stop());
  const gone: { client: WebSocket; silentFor: number }[] = [];
  heartbeat.on('gone', (client, silentFor) => gone.push({ client, silentFor }));
  const url = `${protocol}://${network.address}:${await portOf(server)}/`;
  const well = await opened(server, () => client(t, network, 'web-socket', url));
  const frozen = await opened(server, () => client(t, network, 'web-socket', url));
  const slow = await opened(server, () => client(t, network, 'slow-web-socket', url));
  const all = [...sockets.clients];
  const frozenClient = all.find((each) => socketOf(each) === frozen.socket)!;
  const slowClient = all.find((each) => socketOf(each) === slow.socket)!;
  for (let sent = 0; sent < plenty; sent += 1 << 16) slowClient.send(Buffer.alloc(1 << 16));
  return {
    name,
    stay: [well, slow],
    async freeze() {
      frozen.process.child.kill('SIGSTOP');
      await poll(`${name}: a ping is not answered`, () => heartbeat.snapshot().waiting >= 2);
      await delay(beat.interval);
      t.ok(lastHeard(frozen.socket)! < beat.interval + 4_000, `${name}: the kernel of the frozen one was heard`);
      await poll(
        `${name}: the frozen one is noticed`,
        () => gone.length > 0,
        beat.interval + beat.timeout + slowMachine,
      );
      t.ok(gone[0]!.client === frozenClient, `${name}: and no other`);
      t.ok(gone[0]!.silentFor >= beat.timeout, `${name}: silent for ${gone[0]!.silentFor} ms`);
      t.notOk(frozen.socket.errored, `${name}: not by TCP`);
      t.ok(slowClient.bufferedAmount > 0, `${name}: the slow one is still behind`);
    },
    atTheEnd() {
      t.equal(gone.length, 1, `${name}: the heartbeat ended nobody else`);
      t.equal(heartbeat.snapshot().clients, 0, `${name}: and knows nobody any more`);
    },
  };
}

async function eventStreamStory(t: Test, network: Network): Promise<Story> {
  const name = 'event stream';
  const { server, streams, heartbeat } = startEventStream(profile, 0, stream);
  accepted(t, server);
  t.teardown(() => heartbeat.stop());
  const url = `http://${network.address}:${await portOf(server)}/`;
  const well = await opened(server, () => client(t, network, 'event-stream', url));
  const slow = await opened(server, () => client(t, network, 'slow-event-stream', url));
  const [, slowStream] = [...streams];
  for (let sent = 0; sent < plenty; sent += 1 << 16) slowStream!.write(`data: ${'x'.repeat(1 << 16)}\n\n`);

  // The other way round: our client, a server behind the cable.
  const example = [require.resolve('./heartbeat-stories/server.js'), JSON.stringify([profile, 0, stream])];
  const remote = network.spawn(process.execPath, example, { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = new Output(t, remote as PipedProcess);
  const [port] = await output.lines(/^listening (.*)/);
  const listener = startListening(`http://${network.peerAddress}:${port}/`, { timeout: stream.timeout, retry: 100 });
  t.teardown(() => listener.stop());
  await output.lines(/^(request)/);
  return {
    name,
    stay: [well, slow],
    async freeze() {
      await delay(2 * stream.timeout);
      t.equal((await output.lines(/^(request)/)).length, 1, `${name}: comments are heard`);
      remote.kill('SIGSTOP');
      await delay(stream.timeout + 1_000);
      remote.kill('SIGCONT');
      await output.lines(/^(request)/, 2);
      t.ok(slowStream!.writableNeedDrain, `${name}: the slow one is still behind`);
      listener.stop();
    },
    atTheEnd() {
      t.equal(heartbeat.snapshot().streams, 0, `${name}: knows nobody any more`);
    },
  };
}
