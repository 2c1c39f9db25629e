// Test files that need a process of their own kind run themselves again in one.
import path from 'node:path';
import t from 'tap';
import { isIsolated, isolation } from './network-namespace.js';
import { testAddons } from './oracle';

/** Defines tests in a private network namespace; skips the file with the reason where there can be none. */
export function inNamespace(file: string, define: () => void): void {
  if (isIsolated) return define();
  const way = isolation();
  if (!('reason' in way)) rerun(file, way.command, way.env, 'in a private network namespace');
  else if (process.env['CI'] === undefined || process.platform !== 'linux') t.plan(0, way.reason);
  else t.fail(`CI skips nothing that can run: ${way.reason}`);
}

/** Defines tests in a process whose socket option calls go through test/native/interposer.c. */
export function withInterposer(file: string, define: () => void): void {
  const interposer = path.join(testAddons, 'interposer.node');
  // Behind what is there: AddressSanitizer must be first.
  const preloaded = process.env['LD_PRELOAD']?.split(':') ?? [];
  if (process.platform !== 'linux') t.plan(0, 'LD_PRELOAD');
  else if (preloaded.includes(interposer)) define();
  else rerun(file, [], { ...process.env, LD_PRELOAD: [...preloaded, interposer].join(':') }, 'with the interposer');
}

function rerun(file: string, command: readonly string[], env: NodeJS.ProcessEnv, name: string): void {
  const [program, ...args] = [...command, process.execPath, ...process.execArgv, file];
  void t.spawn(program, args, { env }, name);
}
