// Descriptors that are closed and opened again as something else, as fast as can be, under a monitor that never rests.
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { LivenessMonitor } from 'tcp-keepalive';
import { fdOf, oracle } from '../support/oracle';
import { generator } from '../support/random.js';
import { withInterposer } from '../support/rerun';
import { listening, unixPath } from '../support/sockets';

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));
const random = generator(46);
const silentAfter = 200;
const sockets = 1_000;
const replacements = 10_000;

withInterposer(__filename, () => void t.test('only watched sockets are asked', churn));

/** -1 for a Unix-domain connection that found its listener's queue full. */
async function descriptorOf(connecting: Socket): Promise<number> {
  await nextTick(); // net.connect() opens it then
  return (connecting as unknown as { _handle: { fd: number } | null })._handle?.fd ?? -1;
}

async function churn(t: Test): Promise<void> {
  const server = net.createServer();
  const port = await listening(t, server);
  const unix = net.createServer((socket) => socket.on('error', () => undefined));
  const path = unixPath(t);
  await listening(t, unix, { path, host: undefined, port: undefined });
  const monitor = new LivenessMonitor({ silentAfter, checkEvery: 1 });
  const open = new Set<Socket>();
  const own = (socket: Socket) => {
    open.add(socket.on('error', () => undefined));
    return socket.once('close', () => open.delete(socket));
  };
  const files: number[] = [];
  t.teardown(() => {
    monitor.stop();
    for (const socket of open) socket.destroy();
    for (const file of files) closeSync(file);
  });

  /** Peers never speak, so a silent socket that is 'heard' was another's descriptor. */
  const silent: Socket[] = [];
  let heard = 0;
  let replaced = 0;
  let reused = 0;
  let asked = 0;
  monitor.on('silent', (socket) => void silent.push(socket));
  monitor.on('heard', () => (heard += 1));
  server.on('connection', (socket: Socket) => monitor.watch(own(socket)));
  const connect = () => own(net.connect(port, '127.0.0.1'));

  // The descriptor is free as soon as destroy() returns, two phases of the event loop before 'close'.
  const takeBack = [
    () => descriptorOf(connect()),
    () => descriptorOf(own(net.connect(path))),
    () => files[files.push(openSync('/dev/null', 'r')) - 1]!,
  ];
  const replace = async () => {
    const victim = silent.splice(Math.floor(random() * silent.length), 1)[0];
    if (victim === undefined || victim.destroyed) return;
    const descriptor = fdOf(victim);
    victim.destroy();
    replaced += 1;
    if ((await takeBack[Math.floor(random() * takeBack.length)]!()) === descriptor) reused += 1;
    if (files.length > 100) closeSync(files.shift()!);
    while (open.size < 2 * sockets) connect();
  };
  const checkCalls = () => {
    for (const [descriptor, , level, name, answer] of oracle.takeCalls()) {
      if (level !== oracle.IPPROTO_TCP || name !== oracle.TCP_INFO) continue;
      asked += 1;
      if (answer! < 0) t.fail(`descriptor ${descriptor}: errno ${-answer!}`);
    }
  };

  for (let i = 0; i < sockets; i += 1) connect();
  const phases = [() => new Promise(setImmediate), () => new Promise((resolve) => setTimeout(resolve, 1)), nextTick];
  const until = Date.now() + 60_000;
  for (let step = 0; replaced < replacements && Date.now() < until; step += 1) {
    if (silent.length === 0) await once(monitor, 'silent', { signal: AbortSignal.timeout(10_000) });
    else if (step % 10 === 0) await phases[Math.floor(random() * phases.length)]!();
    await replace();
    checkCalls();
  }
  t.equal(heard, 0, 'no socket was taken for another');
  t.ok(reused > replacements / 20, `${replaced} were replaced, ${reused} of them by the same descriptor at once`);
  t.ok(asked > sockets, `${asked} answers`);
}
