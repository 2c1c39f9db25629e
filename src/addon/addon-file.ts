import { accessSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { runningLibc, type Libc } from './libc.js';

/** What a prebuilt addon has to match. */
export interface Target {
  readonly platform: string;
  readonly arch: string;
  /** '8' for arm64, '6' or '7' for 32-bit ARM, else undefined. */
  readonly armVersion: string | undefined;
  /** Linux. */
  readonly libc: () => Libc;
}

/** This process. */
export function runningTarget(): Target {
  const { platform, arch } = process;
  const { arm_version: armVersion } = process.config.variables as { arm_version?: string | number };
  /* v8 ignore next 2 -- another CPU: npm run matrix */
  const known = armVersion === undefined ? undefined : String(armVersion);
  return { platform, arch, armVersion: arch === 'arm64' ? '8' : known, libc: runningLibc };
}

/** A place where the addon may be. */
export interface Candidate {
  /** The file, or a folder in which one file may fit. */
  readonly path: string;
  /** The file that fits. Throws if there is none. */
  readonly file: () => string;
}

/**
 * Best first: compiled on this machine, then prebuilt, both below `root`, the folder of the package; then prebuilt and
 * copied to `folder`, that of the running file, if this is a bundle.
 */
export function candidates(root: string, folder: string, target: Target): Candidate[] {
  const compiled = path.join(root, 'build', 'Release', 'tcp_keepalive.node');
  const prebuilt = (place: string): Candidate => {
    const prebuilds = path.join(place, 'prebuilds', `${target.platform}-${target.arch}`);
    return { path: prebuilds, file: () => path.join(prebuilds, fitting(readdirSync(prebuilds), target)) };
  };
  const existing = (): string => {
    accessSync(compiled);
    return compiled;
  };
  return [{ path: compiled, file: existing }, prebuilt(root), prebuilt(folder)];
}

/** By the tags that prebuildify puts into names: tcp-keepalive.armv8.musl.node. */
function fitting(names: string[], target: Target): string {
  const armTag = target.armVersion === undefined ? [] : [`armv${target.armVersion}`];
  const fits = (tag: string): boolean =>
    tag === 'glibc' || tag === 'musl' ? tag === target.libc() : armTag.includes(tag);
  const found = names.find((name) => {
    const [addon, ...tags] = name.split('.');
    return addon === 'tcp-keepalive' && tags.pop() === 'node' && tags.every(fits);
  });
  if (found !== undefined) return found;
  const wanted = [...armTag, ...(target.platform === 'linux' ? [target.libc()] : [])].join(' and ');
  throw new Error(`none of these is for ${wanted || 'this system'}: ${names.join(', ')}`);
}
