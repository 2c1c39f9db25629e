// An application with the package installed as from a tarball, but for the binaries: one, compiled for this machine.
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';

const root = path.join(__dirname, '..', '..');
const prebuilt = path.join('prebuilds', `${process.platform}-${process.arch}`, 'tcp-keepalive.node');

export interface Application {
  readonly folder: string;
  /** Of the installed package. */
  readonly installed: string;
}

/** `app.js` beside a node_modules with the package. Without `prebuilds` that folder is missing, as if it was deleted. */
export function application(t: Test, files: Record<string, string>, { prebuilds = true } = {}): Application {
  // A scope of its own: in that of this project the name of the package would mean this project.
  const folder = t.testdir({ 'package.json': '{ "name": "an-application" }', ...files });
  const installed = path.join(folder, 'node_modules', 'tcp-keepalive');
  for (const name of ['package.json', 'dist'])
    cpSync(path.join(root, name), path.join(installed, name), { recursive: true });
  if (prebuilds)
    cpSync(path.join(root, 'build', 'Release', 'tcp_keepalive.node'), path.join(installed, prebuilt), {
      recursive: true,
    });
  return { folder, installed };
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever that is. Without the loader that tap gives to each process. */
export async function ended(file: string, args: readonly string[], cwd?: string): Promise<Ended> {
  try {
    const command = ['--unset=NODE_OPTIONS', file, ...args];
    return { code: 0, ...(await promisify(execFile)('env', command, { cwd })) };
  } catch (error) {
    return error as Ended;
  }
}

/** Starts Node's permission model: an experiment in Node 20. */
export const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
