// PostgreSQL, MariaDB and Redis from Debian's packages, on the peers' side of a network, in folders of their own. They refuse
// to run as root; in a user namespace in which nobody is mapped, no user is.
import { execFileSync, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import certificate from '../../support/certificate.js';

export const ports = { postgres: 5432, mariadb: 3306, redis: 6379, redisTls: 6380 };

const asNobody = ['--user'];
const slowMachine = 60_000;

/** Debian keeps PostgreSQL's programs out of the path: a folder for each version. */
function postgresPrograms(): string | undefined {
  const versions = '/usr/lib/postgresql';
  try {
    const [newest] = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
    return newest === undefined ? undefined : path.join(versions, newest, 'bin');
  } catch {
    return undefined;
  }
}

/** Why they cannot run here; false: they can. */
export function missingDatabase(): string | false {
  if (postgresPrograms() === undefined) return 'postgresql is not installed';
  for (const [tool, name] of Object.entries({ mariadbd: 'mariadb-server', 'redis-server': 'redis-server' })) {
    if (spawnSync(tool, ['--version']).error !== undefined) return `${name} is not installed`;
  }
  const { status, stderr } = spawnSync('unshare', [...asNobody, 'true'], { encoding: 'utf8' });
  return status === 0 ? false : `no user namespace: ${stderr.trim()}`;
}

interface Network {
  readonly peerAddress: string;
  spawn(file: string, args: readonly string[], options: SpawnOptions): ChildProcess;
}

/** Starts all three, and waits until they accept connections. They end with the test. */
export async function startDatabases(t: Test, network: Network): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-'));
  t.teardown(() => rmSync(folder, { recursive: true, maxRetries: 20 }));
  const key = path.join(folder, 'key.pem');
  const cert = path.join(folder, 'cert.pem');
  writeFileSync(key, certificate.key);
  chmodSync(key, 0o600);
  writeFileSync(cert, certificate.cert);

  const prepare = (...command: string[]) =>
    void execFileSync('unshare', [...asNobody, ...command], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const start = (...command: string[]) => {
    const child = network.spawn('unshare', [...asNobody, ...command], { cwd: folder, stdio: 'ignore' });
    t.teardown(() => child.kill('SIGKILL'));
  };
  const postgres = (program: string) => path.join(postgresPrograms() ?? '', program);
  const postgresData = path.join(folder, 'postgres');
  prepare(postgres('initdb'), '-D', postgresData, '-U', 'test', '-A', 'trust', '--no-sync');
  appendFileSync(path.join(postgresData, 'pg_hba.conf'), 'host all all 0.0.0.0/0 trust\n');
  const settings = {
    listen_addresses: '0.0.0.0',
    unix_socket_directories: '',
    ssl: 'on',
    ssl_key_file: key,
    ssl_cert_file: cert,
    fsync: 'off',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  start(postgres('postgres'), '-D', postgresData, '-p', String(ports.postgres), ...options);

  const mariadbData = path.join(folder, 'mariadb');
  prepare('mariadb-install-db', '--no-defaults', `--datadir=${mariadbData}`, '--skip-test-db');
  start(
    ...['mariadbd', '--no-defaults', `--datadir=${mariadbData}`, `--port=${ports.mariadb}`, '--bind-address=0.0.0.0'],
    ...[`--socket=${folder}/socket`, `--pid-file=${folder}/pid`, '--skip-grant-tables'],
    ...[`--ssl-key=${key}`, `--ssl-cert=${cert}`],
  );
  start(
    ...['redis-server', '--save', '', '--protected-mode', 'no', '--port', String(ports.redis), '--dir', folder],
    ...['--tls-port', String(ports.redisTls), '--tls-key-file', key, '--tls-cert-file', cert],
    ...['--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'],
  );
  await Promise.all(Object.values(ports).map((port) => accepting(network.peerAddress, port)));
}

async function accepting(host: string, port: number): Promise<void> {
  const deadline = performance.now() + slowMachine;
  for (;;) {
    const socket = connect({ host, port });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    if (performance.now() > deadline) throw new Error(`nothing accepts connections at port ${port}`);
    await delay(100);
  }
}
