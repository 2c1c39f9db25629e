// Behind nginx and HAProxy, whose kernels answer for clients that are gone. docs/proxies.md says what to set there. Runs again
// inside a private network namespace.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  applyKeepaliveToServer,
  disconnectReason,
  lastHeard,
  type DisconnectReason,
  type KeepaliveProfile,
} from 'tcp-keepalive';
import { WebSocketHeartbeat } from 'tcp-keepalive/heartbeat';
import { WebSocketServer } from 'ws';
import { within } from '../../examples/lib/deadline.js';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { Output, type PipedProcess } from '../support/output';
import { poll } from '../support/poll';
import { inNamespace } from '../support/rerun';
import { accepted, listening } from '../support/sockets';

const profile = { initialDelay: 1_000, interval: 1_000, count: 3, userTimeout: 'match' } satisfies KeepaliveProfile;
const beat = { interval: 2_000, timeout: 2_000 };
/** Twice as long as any of these needs. */
const longer = 9_000;
const room = 5_000;

/** Its arguments, and a configuration with three ways to the same kind of server; the second has keepalive towards clients. */
interface Proxy {
  readonly program: string;
  /** How it ends its connection to the server. */
  readonly reason: DisconnectReason;
  readonly args: (folder: string) => string[];
  readonly config: (address: string, ports: readonly number[]) => string;
}
/** Where the proxy listens: each namespace has all ports. */
const entries = [8001, 8002, 8003];
const keepalive = 1;

const proxies: Record<string, Proxy> = {
  nginx: {
    program: 'nginx',
    reason: 'closed',
    args: (folder) => ['-p', folder, '-c', 'config', '-e', 'stderr'],
    config: (address, ports) => `daemon off; master_process off; pid pid; error_log stderr crit;
      events {}
      http {
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')}
        ${ports
          .map(
            (port, way) => `server {
          listen ${address}:${entries[way]}${way === keepalive ? ' so_keepalive=1s:1s:3' : ''};
          location / {
            proxy_pass http://127.0.0.1:${port};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_read_timeout 1h;
          }
        }`,
          )
          .join('\n')}
      }`,
  },
  haproxy: {
    program: 'haproxy',
    reason: 'reset',
    args: (folder) => ['-db', '-q', '-f', path.join(folder, 'config')],
    config: (address, ports) => `
      defaults
        mode http
        timeout connect 5s
        timeout client 1h
        timeout server 1h
        timeout tunnel 1h
      ${ports
        .map(
          (port, way) => `
      frontend way${way}
        bind ${address}:${entries[way]}
        ${way === keepalive ? 'option clitcpka\n        clitcpka-idle 1s\n        clitcpka-intvl 1s\n        clitcpka-cnt 3' : ''}
        default_backend server${way}
      backend server${way}
        server only 127.0.0.1:${port}`,
        )
        .join('\n')}\n`,
  },
};

inNamespace(__filename, () => {
  for (const [name, proxy] of Object.entries(proxies)) {
    const isHere = spawnSync(proxy.program, ['-v']).error === undefined;
    if (isHere) void t.test(name, (t) => play(t, proxy));
    else if (process.env['CI'] === undefined)
      void t.test(name, { skip: `${name} is not installed` }, async () => undefined);
    else t.fail(`CI skips nothing that can run: ${name} is not installed`);
  }
});

async function play(t: Test, proxy: Proxy): Promise<void> {
  const network = await connectPeerNamespace();
  t.teardown(() => network.close());
  const [plain, tuned, asked] = await Promise.all(entries.map(() => webSockets(t)));
  const servers = [plain!, tuned!, asked!];

  const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const ports = servers.map(({ port }) => port);
  writeFileSync(path.join(folder, 'config'), proxy.config(network.address, ports));
  // nginx gives root's rights up, which it cannot where only root is mapped: nobody is, so it is not root.
  const child = spawn('unshare', ['--user', proxy.program, ...proxy.args(folder)], { stdio: 'inherit' });
  t.teardown(() => child.kill('SIGKILL'));
  await poll('it listens', () => listens(entries.at(-1)!));

  const sockets = await Promise.all(
    servers.map(async ({ server }, way) => {
      const connection = once(server, 'connection') as Promise<[Socket]>;
      const program = [require.resolve('./heartbeat-stories/client.js'), 'web-socket'];
      const url = `ws://${network.address}:${entries[way]}/`;
      const options = { stdio: ['pipe', 'pipe', 'inherit'] as ('pipe' | 'inherit')[] };
      const client = network.spawn(process.execPath, [...program, url], options);
      await new Output(t, client as PipedProcess).lines(/^(open)/);
      return (await connection)[0];
    }),
  );
  const heartbeat = new WebSocketHeartbeat(asked!.sockets, beat);
  t.teardown(() => heartbeat.stop());
  await delay(beat.interval);

  network.cut();
  const cutAt = performance.now();
  const ended = sockets.map((socket) => {
    socket.on('error', () => undefined);
    return new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now() - cutAt)));
  });
  const [withKeepalive, withHeartbeat] = await within(
    longer + room,
    'the end of both',
    Promise.all([ended[1]!, ended[2]!]),
  );
  t.ok(withKeepalive < longer + room, `keepalive in the proxy: it closes after ${Math.round(withKeepalive)} ms`);
  t.equal(disconnectReason(sockets[1]!.errored ?? undefined), proxy.reason, 'as the proxy ends it');
  t.ok(withHeartbeat < longer + room, `a heartbeat, which goes through: ${Math.round(withHeartbeat)} ms`);
  t.equal(heartbeat.snapshot().gone, 1);

  await delay(Math.max(0, cutAt + longer - performance.now()));
  const heard = lastHeard(sockets[0]!)!;
  t.notOk(sockets[0]!.destroyed, `neither: the server believes in its client ${longer / 1000} s after the cut`);
  t.ok(heard < 2 * profile.initialDelay + 1_000, `whose proxy has answered its probe ${heard} ms ago`);
}

/** A server that waits for clients, with a profile that would notice them gone in 4 s. */
async function webSockets(t: Test) {
  const server = http.createServer();
  accepted(t, server);
  applyKeepaliveToServer(server, profile);
  const sockets = new WebSocketServer({ server });
  return { server, sockets, port: await listening(t, server) };
}

function listens(port: number): boolean {
  return spawnSync('ss', ['-Hltn', `sport = :${port}`], { encoding: 'utf8' }).stdout.length > 0;
}
