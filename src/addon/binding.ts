import path from 'node:path';
import { candidates, runningTarget, type Target } from './addon-file.js';
import { KeepaliveError } from '../util/errors.js';
import { whatToDo, type Attempt } from './load-advice.js';
import { runningFile } from './running-file.js';
import { unavailable, unavailableBinding } from './unavailable.js';

/** `native/addon.cc`. Each call returns 0 or a libuv error number, with the details in `slots`. */
export interface Binding {
  /** Indexed by {@link Slot}. All calls share this array: read it before the next call. */
  readonly slots: Int32Array;
  /** The names on this OS, indexed by {@link Slot}. */
  readonly optionNames: readonly string[];
  /** The fields that `readTcpInfo` writes, in the order in which it fills `slots` from {@link Slot}.info on. */
  readonly infoNames: readonly string[];
  /**
   * In settings to apply: leave the option alone. In settings read: this OS does not have the option. In a field of
   * `readTcpInfo`: this OS does not tell it.
   */
  readonly absent: number;
  read(descriptor: number): number;
  readSystem(): number;
  /**
   * Applies the settings in `slots`.
   *
   * @param room Milliseconds of silence that the user timeout has room for. If the peer has been silent for longer, its
   *   silence is added to the user timeout, and `slots` tells how much. Absent: nothing is added.
   */
  apply(descriptor: number, room?: number): number;
  /**
   * Milliseconds that the kernel counts against the peer now, or a negative error number: of silence, less two ticks of
   * its clock; with data to send, the time that this has waited, and two ticks more.
   */
  unansweredFor(descriptor: number): number;
  /** Fills `slots` from {@link Slot}.info on. */
  readTcpInfo(descriptor: number): number;
  /** The system call that `readTcpInfo` makes, and what it asks for. */
  readonly tcpInfoSyscall: 'getsockopt' | 'ioctl';
  readonly tcpInfoName: string;
  /** Descriptors for {@link lastHeard}, which replaces them by its answers. Copy these before anything else runs. */
  readonly batch: Int32Array;
  /**
   * Replaces each of the first `count` descriptors in `batch` by the milliseconds since its peer was heard, or by a
   * negative error number: `noSuchOption` where the OS does not tell.
   */
  lastHeard(count: number): void;
  readonly noSuchOption: number;
  /** Connections that wait to be accepted, or a negative error number. */
  acceptQueueLength(descriptor: number): number;
  /** Applies the settings in `slots` to a fresh socket. */
  try(): number;
  /** For runtimes that hand out duplicates. */
  closeDuplicate(descriptor: number): void;
  /** Windows only, where handles have no descriptor. Negative: the socket was not found, or `noSocketYet`. */
  readonly findSocket?: (invertReference: () => void) => number;
  /** The handle was found and has no socket: it was never connected, bound or listening. */
  readonly noSocketYet?: number;
}

/**
 * Places in `slots`: the settings to apply or that were read, in the order and the units of `Option` in
 * `native/socket_options.h`, then what was refused or changed.
 */
export const Slot = {
  enabled: 0,
  initialDelay: 1,
  interval: 2,
  count: 3,
  userTimeout: 4,
  refusedOption: 5,
  refusedSyscall: 6,
  undoError: 7,
  changes: 8,
  lent: 9,
  /** The first of the fields of `readTcpInfo`, in the order of `infoNames`. */
  info: 10,
} as const;

/** `Syscall` in `native/keepalive.h`. */
export const syscalls = ['socket', 'getsockopt', 'setsockopt', 'ioctl'] as const;

/** Loads the first of the {@link candidates} that loads. Throws an error that says what was tried and what to do. */
export function loadBinding(root: string, folder: string, target: Target = runningTarget()): Binding {
  const attempts: Attempt[] = [];
  for (const { path, file } of candidates(root, folder, target)) {
    try {
      return open(file());
    } catch (error) {
      attempts.push({ path, error: error as Error });
    }
  }
  const { error: cause } = attempts.find(({ error }) => error.code !== 'ENOENT') ?? attempts[0]!;
  throw new KeepaliveError('ERR_KEEPALIVE_ADDON', explain(root, target, attempts), { cause });
}

/** Bundlers replace `require`, and `createRequire` would load node:module, which takes half a millisecond. */
function open(file: string): Binding {
  const addon = { exports: {} };
  process.dlopen(addon, path.toNamespacedPath(file));
  return addon.exports as Binding;
}

function explain(root: string, { platform, arch }: Target, attempts: readonly Attempt[]): string {
  return [
    `The native addon of tcp-keepalive could not be loaded on ${platform}-${arch}, Node ${process.version}. Tried:`,
    ...attempts.map(({ path, error }) => `- ${path}: ${error.code === 'ENOENT' ? 'not there' : firstLine(error)}`),
    `What to do: ${whatToDo(root, attempts)}`,
  ].join('\n');
}

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0]!;
}

function tryToLoad(): { binding: Binding; whyUnavailable: KeepaliveError | null } {
  // Bundled, this file is `dist/index.js`.
  const place = path.dirname(runningFile);
  const folder = path.basename(place) === 'addon' ? path.dirname(place) : place;
  try {
    return { binding: loadBinding(path.dirname(folder), folder), whyUnavailable: null };
  } catch (error) {
    const reason = error as KeepaliveError;
    return { binding: unavailableBinding(reason), whyUnavailable: reason };
  }
}

/**
 * Without the addon each function throws `ERR_KEEPALIVE_ADDON`. The import itself does not fail without a binary: the
 * program may never need the kernel, or may have a fallback.
 */
export const { binding, whyUnavailable } = tryToLoad();

/** For functions that need the kernel only after they have returned. */
export function assertAddon(): void {
  if (whyUnavailable !== null) throw unavailable(whyUnavailable);
}
