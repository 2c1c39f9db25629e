// What applyKeepaliveToProcess costs in system calls, and what it does when the kernel refuses. Runs again with
// test/native/interposer.c preloaded, which writes down every socket option call.
import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { applyKeepalive, applyKeepaliveToProcess } from 'tcp-keepalive';
import { Call, effectOf, fdOf, held, heldBy, optionName, options, oracle } from '../support/oracle';
import { profile } from '../support/profiles';
import { withInterposer } from '../support/rerun';
import { listening, owned } from '../support/sockets';

withInterposer(__filename, interposed);

/** The calls about keepalive since the last time: 'set TCP_KEEPIDLE'. */
function calls(): string[] {
  return oracle.takeCalls().flatMap(([, isSet, level, name]) => {
    const option = optionName(level!, name!);
    return option === undefined ? [] : [`${isSet === 1 ? 'set' : 'get'} ${option}`];
  });
}

async function connect(t: Test, port: number): Promise<Socket> {
  const socket = owned(t, net.connect(port, '127.0.0.1'));
  await once(socket, 'connect');
  return socket;
}

function interposed(): void {
  void t.test('an outgoing connection: the calls of applyKeepalive, and none for setKeepAlive', async (t) => {
    const port = await listening(t, net.createServer());
    applyKeepalive(await connect(t, port), profile); // the first time, it is also tried on a scratch socket
    const socket = await connect(t, port);
    calls();
    applyKeepalive(socket, profile);
    const byHand = calls();
    t.equal(byHand.length, 6);
    const process = applyKeepaliveToProcess({ connections: profile });
    t.teardown(() => process.stop());
    const tuned = await connect(t, port);
    t.strictSame(calls(), byHand);
    tuned.setKeepAlive(true, 2_000).setKeepAlive(false);
    t.strictSame(calls(), []);
  });

  void t.test('an accepted connection: no system call', async (t) => {
    const process = applyKeepaliveToProcess({ servers: profile });
    t.teardown(() => process.stop());
    const server = net.createServer({ keepAlive: true, keepAliveInitialDelay: 5_000 });
    const port = await listening(t, server);
    calls();
    const sockets: Socket[] = [];
    server.on('connection', (socket) => void sockets.push(owned(t, socket)));
    for (let i = 0; i < 10; i += 1) await connect(t, port);
    while (sockets.length < 10) await once(server, 'connection');
    t.strictSame(calls(), []);
    for (const socket of sockets) t.strictSame(held(socket), heldBy(profile));
  });

  void t.test('a refusal by the kernel leaves the connection or server as it was', async (t) => {
    const errors: [string | undefined, unknown][] = [];
    const process = applyKeepaliveToProcess({
      servers: profile,
      connections: profile,
      onError: (error, target) => errors.push([(error as NodeJS.ErrnoException).code, target]),
    });
    t.teardown(() => process.stop());
    const first = net.createServer();
    const port = await listening(t, first);
    await connect(t, port); // the profile was tried
    const refuse = () => oracle.refuse(Call.setsockopt, ...options.TCP_KEEPCNT, 0, 1, constants.errno.EPERM);
    refuse();
    const socket = await connect(t, port);
    t.strictSame(effectOf(held(socket)), effectOf([0, 7_200, 75, 9, 0]));
    refuse();
    const server = net.createServer();
    await listening(t, server);
    t.strictSame(effectOf(held(server)), effectOf([0, 7_200, 75, 9, 0]));
    t.match(errors, [
      ['EPERM', { host: '127.0.0.1', port }],
      ['EPERM', server],
    ]);
    t.ok(fdOf(socket) >= 0);
    t.strictSame(process.snapshot(), { servers: 1, connections: 1, refused: 2 });
  });

  void t.test('a refused connection of a server listens to setKeepAlive', async (t) => {
    const server = net.createServer();
    const port = await listening(t, server);
    // It connects and waits to be accepted before the rule comes.
    execFileSync(process.execPath, ['-e', `require('net').connect(${port}, '127.0.0.1', () => process.exit())`]);
    const errors: unknown[] = [];
    const tuned = applyKeepaliveToProcess({
      servers: profile,
      onError: (error) => errors.push((error as NodeJS.ErrnoException).code),
    });
    t.teardown(() => tuned.stop());
    oracle.refuse(Call.setsockopt, ...options.TCP_KEEPCNT, 0, 1, constants.errno.EPERM);
    const [accepted] = (await once(server, 'connection')) as [Socket];
    owned(t, accepted).setKeepAlive(true, 9_000);
    t.strictSame(errors, ['EPERM']);
    t.strictSame(held(accepted).slice(0, 2), [1, 9]);
  });
}
