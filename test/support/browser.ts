// A real Chromium without a window, driven over a pipe. Debian's package, or wherever CHROMIUM says.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';
import type { Test } from 'tap';

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Not with what is preloaded into processes of tests, such as AddressSanitizer. */
const env = { ...process.env };
delete env['LD_PRELOAD'];

/** Why there is no browser here, or undefined. */
export function browserMissing(): string | undefined {
  const { error, status } = spawnSync(executable, ['--version'], { env });
  return error === undefined && status === 0 ? undefined : `${executable} cannot be run (package chromium)`;
}

export interface Browser {
  readonly context: BrowserContext;
  /** Stops or continues all of its processes, as a sleep of the machine does. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}

/** A browser that ends with the test. `enter`: a command line to run it by, such as that of a network namespace. */
export async function openBrowser(t: Test, enter: readonly string[] = []): Promise<Browser> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tcp-keepalive-browser-'));
  const starter = path.join(folder, 'start');
  writeFileSync(starter, `#!/bin/sh\nexec ${[...enter, executable].join(' ')} "$@"\n`, { mode: 0o755 });
  const profile = path.join(folder, 'profile');
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: starter,
    env,
    headless: true,
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--no-proxy-server',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  t.teardown(async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { context, signal: (name) => processesOf(profile).forEach((pid) => process.kill(pid, name)) };
}

/** The browser's first process, and all that came of it. */
function processesOf(profile: string): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return ''; // it has ended
    }
  };
  const parents = new Map(all.map((pid) => [pid, /^PPid:\t(\d+)$/m.exec(read(pid, 'status'))?.[1] ?? '']));
  const found = new Set(
    all.filter((pid) => {
      const command = read(pid, 'cmdline');
      return command.includes(`--user-data-dir=${profile}`) && !command.includes('--type=');
    }),
  );
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found].map(Number);
}
