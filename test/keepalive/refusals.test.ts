// Runs again with test/native/interposer.c preloaded, which writes down every socket option call and refuses on demand.
import { AsyncLocalStorage } from 'node:async_hooks';
import { constants } from 'node:os';
import { once } from 'node:events';
import http from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import {
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToServer,
  disableKeepalive,
  readKeepalive,
  type KeepaliveProfile,
} from 'tcp-keepalive';
import {
  Call,
  effectOf,
  fdOf,
  held,
  heldBy,
  optionName,
  options,
  oracle,
  poke,
  type OptionName,
} from '../support/oracle';
import { other, profile } from '../support/profiles';
import { withInterposer } from '../support/rerun';
import { listening, owned, tcpPair } from '../support/sockets';

withInterposer(__filename, interposed);

/** [option, value] of each setsockopt on one socket while `run` ran. */
function changes(socket: Socket, run: () => void): [OptionName | undefined, number][] {
  oracle.takeCalls();
  run();
  const fd = fdOf(socket);
  return oracle
    .takeCalls()
    .filter(([callFd, isSet]) => callFd === fd && isSet === 1)
    .map(([, , level, name, value]) => [optionName(level!, name!), value!]);
}

/** Of the setsockopt calls for this option `skip` pass, then `times` are refused with EPERM. */
function refuse(option: OptionName, { skip = 0, times = 1 } = {}): void {
  oracle.refuse(Call.setsockopt, ...options[option], skip, times, constants.errno.EPERM);
}

function interposed(): void {
  void t.test('timing first, then SO_KEEPALIVE; the user timeout, which acts by itself, last', async (t) => {
    const { client } = await tcpPair(t);
    t.strictSame(
      changes(client, () => applyKeepalive(client, profile)),
      [
        ['TCP_KEEPIDLE', 41],
        ['TCP_KEEPINTVL', 7],
        ['TCP_KEEPCNT', 5],
        ['SO_KEEPALIVE', 1],
        ['TCP_USER_TIMEOUT', 89_000],
      ],
    );
  });

  void t.test('another initial delay on an enabled socket: off first, on last', async (t) => {
    const { client } = await tcpPair(t);
    applyKeepalive(client, profile);
    t.strictSame(
      changes(client, () => applyKeepalive(client, other)),
      [
        ['SO_KEEPALIVE', 0],
        ['TCP_USER_TIMEOUT', 97_000],
        ['TCP_KEEPINTVL', 11],
        ['TCP_KEEPCNT', 4],
        ['TCP_KEEPIDLE', 53],
        ['SO_KEEPALIVE', 1],
      ],
    );
  });

  void t.test('only what differs is set', async (t) => {
    const { client } = await tcpPair(t);
    applyKeepalive(client, profile);
    t.strictSame(
      changes(client, () => applyKeepalive(client, { ...profile, interval: 8_000 })),
      [['TCP_KEEPINTVL', 8]],
    );
  });

  void t.test('the same profile again: no setsockopt at all', async (t) => {
    const { client, accepted } = await tcpPair(t);
    for (const socket of [client, accepted]) {
      applyKeepalive(socket, profile);
      t.strictSame(
        changes(socket, () => applyKeepalive(socket, profile)),
        [],
      );
      t.strictSame(
        changes(socket, () => applyKeepalive(socket, { ...profile })),
        [],
        'from another object',
      );
      t.strictSame(
        changes(socket, () => readKeepalive(socket)),
        [],
      );
    }
  });

  void t.test('a socket to which other code gave the profile: no setsockopt at all', async (t) => {
    const { client } = await tcpPair(t);
    poke(client, 'SO_KEEPALIVE', 1);
    poke(client, 'TCP_KEEPIDLE', 41);
    poke(client, 'TCP_KEEPINTVL', 7);
    poke(client, 'TCP_KEEPCNT', 5);
    poke(client, 'TCP_USER_TIMEOUT', 89_000);
    t.strictSame(
      changes(client, () => applyKeepalive(client, profile)),
      [],
    );
  });

  void t.test('disabled twice: the second time no setsockopt', async (t) => {
    const { client } = await tcpPair(t);
    applyKeepalive(client, profile);
    t.strictSame(
      changes(client, () => disableKeepalive(client)),
      [
        ['SO_KEEPALIVE', 0],
        ['TCP_USER_TIMEOUT', 0],
      ],
    );
    t.strictSame(
      changes(client, () => disableKeepalive(client)),
      [],
    );
  });

  const names = Object.keys(options) as OptionName[];

  void t.test('each option refused in turn: all or nothing, with the kernel’s own error', async (t) => {
    const { EPERM } = constants.errno;
    for (const option of names) {
      const { client } = await tcpPair(t);
      // Keepalive off with timing of its own, then another profile, then the profile that is refused.
      poke(client, 'TCP_KEEPIDLE', 17);
      poke(client, 'TCP_KEEPCNT', 2);
      poke(client, 'TCP_USER_TIMEOUT', 1_234);
      refusedAndUntouched(t, client, option, profile);
      applyKeepalive(client, other);
      refusedAndUntouched(t, client, option, profile);
    }

    function refusedAndUntouched(t: Test, socket: Socket, option: OptionName, wanted: KeepaliveProfile): void {
      const before = held(socket);
      applyKeepalive(socket, { ...wanted }); // takes the profile's trial on the scratch socket out of the way
      restore(socket, before);
      refuse(option);
      const expected = { name: 'KeepaliveError', code: 'EPERM', errno: -EPERM, syscall: 'setsockopt', option };
      t.throws(() => applyKeepalive(socket, wanted), { ...expected, message: /is as it was$/ }, `${option} refused`);
      t.strictSame(effectOf(held(socket)), effectOf(before), `${option}: as it was`);
    }

    function restore(socket: Socket, before: number[]): void {
      names.forEach((name, index) => poke(socket, name, before[index]!));
      if (before[0] === 0) poke(socket, 'SO_KEEPALIVE', 0);
    }
  });

  void t.test('a profile that the kernel refuses is refused on the scratch socket', async (t) => {
    const { client } = await tcpPair(t);
    for (const [index, option] of names.entries()) {
      refuse(option);
      const unknown = { ...profile, initialDelay: 61_000 + index * 1_000 };
      let error: unknown;
      const touched = changes(client, () => {
        error = t.throws(() => applyKeepalive(client, unknown));
      });
      t.match(error, { code: 'EPERM', option });
      t.strictSame(touched, [], 'the socket was not touched');
    }
    t.equal(applyKeepalive(client, profile), true, 'and the next try is a new one');
  });

  void t.test('the last call refused, and its undoing too: the error says so', async (t) => {
    const { client } = await tcpPair(t);
    const expected = { code: 'EPERM', option: 'SO_KEEPALIVE' };
    for (const known of [profile, other]) applyKeepalive(client, known);
    refuse('SO_KEEPALIVE', { skip: 1 });
    t.throws(() => applyKeepalive(client, profile), { ...expected, message: /the socket is as it was$/ });
    t.strictSame(held(client), heldBy(other));
    const order = changes(client, () => {
      refuse('SO_KEEPALIVE', { skip: 1 });
      t.throws(() => applyKeepalive(client, profile), expected);
    }).map(([option]) => option);
    const [off, ...timing] = [
      'SO_KEEPALIVE',
      'TCP_USER_TIMEOUT',
      'TCP_KEEPINTVL',
      'TCP_KEEPCNT',
      'TCP_KEEPIDLE',
    ] as const;
    t.strictSame(
      order,
      [off, ...timing, off, ...[...timing].reverse(), off],
      'last change first, keepalive on at the end',
    );
    refuse('SO_KEEPALIVE', { skip: 1, times: 2 });
    t.throws(() => applyKeepalive(client, profile), { ...expected, message: /could not be put back \(EPERM\)$/ });
    t.strictSame(held(client), [0, ...heldBy(other).slice(1)], 'which is what the kernel left us');
  });

  void t.test('several calls refused while undoing: the error names the first', async (t) => {
    const { client } = await tcpPair(t);
    for (const known of [profile, other]) applyKeepalive(client, known);
    const anyOption = [options.TCP_KEEPCNT[0], -1] as const;
    oracle.refuse(Call.setsockopt, ...anyOption, 2, 3, constants.errno.EPERM);
    const expected = { option: 'TCP_KEEPCNT', message: /could not be put back \(EPERM\)$/ };
    t.throws(() => applyKeepalive(client, profile), expected);
  });

  void t.test('refused in connect: the socket is destroyed with the error', async (t) => {
    const net = await import('node:net');
    const { server } = await tcpPair(t);
    const { port } = server.address() as { port: number };
    const socket = net.connect(port, '127.0.0.1');
    applyKeepalive(socket, profile);
    refuse('TCP_KEEPCNT');
    const error = await new Promise((resolve) => socket.once('error', resolve));
    t.match(error, { name: 'KeepaliveError', code: 'EPERM', syscall: 'setsockopt', option: 'TCP_KEEPCNT' });
    t.equal(socket.destroyed, true);
  });

  void t.test('a refusal on the listener is reported, and the profile is applied to each connection', async (t) => {
    const server = createServer();
    const errors: unknown[] = [];
    const tuned = applyKeepaliveToServer(server, profile, { onError: (error) => void errors.push(error) });
    for (const round of [1, 2]) {
      if (round === 2) refuse('TCP_KEEPINTVL');
      const port = await listening(t, server);
      t.equal(tuned.mode, round === 1 ? 'listener' : 'connection');
      for (let i = 0; i < 2; i += 1) {
        owned(t, connect(port, '127.0.0.1'));
        const [accepted] = (await once(server, 'connection')) as [Socket];
        t.strictSame(held(owned(t, accepted)), heldBy(profile), `listening ${round}`);
        accepted.destroy();
      }
      if (round === 1) await new Promise((resolve) => server.close(resolve));
    }
    t.match(errors, [{ code: 'EPERM', option: 'TCP_KEEPINTVL' }]);
    t.equal(errors.length, 1);
  });

  void t.test('an agent’s socket that refuses: its request gets the error, a pooled one is not kept', async (t) => {
    const server = http.createServer((_request, response) => void response.end('.'));
    const port = await listening(t, server);
    t.teardown(() => server.closeAllConnections());
    const ready = connect(port, '127.0.0.1');
    await once(ready, 'connect');
    const connected = new http.Agent({ keepAlive: true });
    Object.assign(connected, { createConnection: () => ready });
    applyKeepaliveToAgent(connected, profile);
    refuse('TCP_KEEPINTVL');
    const refused = http.get({ agent: connected, port, host: '127.0.0.1' });
    const error = await new Promise((resolve) => refused.once('error', resolve));
    t.match(error, { code: 'EPERM', option: 'TCP_KEEPINTVL' }, 'a connected socket');

    const agent = new http.Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    applyKeepaliveToAgent(agent, profile);
    const get = async () => {
      const [response] = (await once(http.get({ agent, port, host: '127.0.0.1' }), 'response')) as [
        http.IncomingMessage,
      ];
      return response;
    };
    const first = await get();
    const { socket } = first;
    poke(socket, 'TCP_KEEPINTVL', 2);
    refuse('TCP_KEEPINTVL');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    first.resume();
    await closed;
    t.strictSame(Object.values(agent.freeSockets).flat(), [], 'not kept');

    const second = await get();
    const free = once(agent, 'free');
    const kept = second.socket;
    second.resume();
    await free;
    await new Promise((resolve) => setImmediate(resolve));
    poke(kept, 'TCP_KEEPINTVL', 2);
    refuse('TCP_KEEPINTVL');
    const reused = http.get({ agent, port, host: '127.0.0.1' });
    t.match(await new Promise((resolve) => reused.once('error', resolve)), { code: 'EPERM' }, 'taken from the pool');
  });

  void t.test(
    'a socket that update() destroys emits its error in the context of its request, not of the caller',
    async (t) => {
      const server = http.createServer((_request, response) => response.writeHead(200).flushHeaders());
      const port = await listening(t, server);
      t.teardown(() => server.closeAllConnections());
      const agent = new http.Agent();
      t.teardown(() => agent.destroy());
      const tuned = applyKeepaliveToAgent(agent, profile);
      const caller = new AsyncLocalStorage<string>();
      const request = http.get({ agent, port, host: '127.0.0.1' });
      await once(request, 'response');
      tuned.update(other); // the trial on the scratch socket
      const failed = new Promise<unknown[]>((resolve) =>
        request.once('error', ({ code }: NodeJS.ErrnoException) => resolve([code, caller.getStore()])),
      );
      refuse('TCP_KEEPINTVL');
      caller.run('another request', () => tuned.update(profile));
      t.strictSame(await failed, ['EPERM', undefined]);
    },
  );

  void t.test('an accepted socket that refuses is reported, and left open as it was', async (t) => {
    const server = createServer({ keepAlive: true, keepAliveInitialDelay: 20_000 });
    const errors: unknown[][] = [];
    const onError = (...problem: unknown[]) => void errors.push([...problem, storage.getStore()]);
    const storage = new AsyncLocalStorage<string>();
    const tuned = storage.run('who applies', () => applyKeepaliveToServer(server, profile, { onError }));
    const port = await storage.run('who listens', () => listening(t, server));
    t.equal(tuned.mode, 'connection');
    const next = async () => {
      owned(t, connect(port, '127.0.0.1'));
      const [accepted] = (await once(server, 'connection')) as [Socket];
      return owned(t, accepted);
    };
    await next(); // the trial on the scratch socket
    refuse('TCP_KEEPCNT', { skip: 1 }); // the first is Node's own
    const refused = await storage.run('who connects', next);
    t.strictSame(errors.length, 1);
    t.match(errors, [[{ code: 'EPERM', option: 'TCP_KEEPCNT' }, refused, 'who listens']]);
    t.strictSame(held(refused).slice(0, 2), [1, 20], 'what Node gave it');
    t.equal(refused.destroyed, false);
    t.strictSame(held(await next()), heldBy(profile), 'the next one has the profile');
  });

  void t.test('a connection that macOS or Windows reports as dead is left alone', async (t) => {
    // Not the bundle: what such a kernel answers to a dead connection is in the platform's table.
    const { platform } = await import('../../dist/profile/platform.js');
    const { applyKeepalive, disableKeepalive } = await import('../../dist/keepalive/apply.js');
    const { applyKeepaliveToAll } = await import('../../dist/keepalive/fleet.js');
    const { applyKeepaliveToAgent } = await import('../../dist/keepalive/agent.js');
    const { deadConnectionErrors } = platform;
    t.teardown(() => Object.assign(platform, { deadConnectionErrors }));
    Object.assign(platform, { deadConnectionErrors: ['EPERM'] });

    const { client, server } = await tcpPair(t);
    applyKeepalive(client, other);
    applyKeepalive(client, profile);
    refuse('TCP_KEEPCNT');
    t.throws(() => applyKeepalive(client, other), { code: 'ERR_KEEPALIVE_CLOSED', cause: { code: 'EPERM' } });
    refuse('TCP_KEEPCNT');
    t.strictSame(await applyKeepaliveToAll([client], other), { applied: 0, skipped: 1, failed: [] });

    refuse('SO_KEEPALIVE');
    t.doesNotThrow(() => disableKeepalive(client), 'disabled');

    const { port } = server.address() as { port: number };
    const connecting = owned(t, connect(port, '127.0.0.1'));
    t.equal(applyKeepalive(connecting, profile), false);
    refuse('TCP_KEEPCNT');
    await once(connecting, 'connect');
    t.equal(connecting.destroyed, false, 'in connect');

    const agent = Object.assign(new http.Agent(), { createConnection: () => client });
    applyKeepaliveToAgent(agent, other);
    refuse('TCP_KEEPCNT');
    t.equal(agent.createConnection(), client);
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(client.destroyed, false, 'of an agent');
  });

  void t.test('disableKeepalive refused: the socket is as it was', async (t) => {
    const { client } = await tcpPair(t);
    applyKeepalive(client, profile);
    for (const option of ['SO_KEEPALIVE', 'TCP_USER_TIMEOUT'] as const) {
      refuse(option);
      t.throws(() => disableKeepalive(client), { code: 'EPERM', option });
      t.strictSame(held(client), heldBy(profile));
    }
  });
}
