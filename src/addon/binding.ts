import { createRequire } from 'node:module';
import path from 'node:path';
import { candidates, runningTarget, type Target } from './addon-file.js';
import { KeepaliveError } from '../util/errors.js';
import { whatToDo, type Attempt } from './load-advice.js';

/** `native/addon.cc`. Each call answers 0 or a libuv error number, with the details in `slots`. */
export interface Binding {
  /** By {@link Slot}. One array for all calls: read it before the next one. */
  readonly slots: Int32Array;
  /** As this OS names them, by {@link Slot}. */
  readonly optionNames: readonly string[];
  read(descriptor: number): number;
  readSystem(): number;
  apply(
    descriptor: number,
    enabled: number,
    initialDelaySeconds: number,
    intervalSeconds: number,
    count: number,
    userTimeout: number,
    /** True: adds what the peer has left unanswered; `slots` tells how much was added. */
    lend?: boolean,
  ): number;
  /** Milliseconds for which the peer has left unanswered what the kernel would judge it by now, or an error number. */
  unansweredFor(descriptor: number): number;
  /** Fills `slots` from {@link Slot}.info on. */
  readTcpInfo(descriptor: number): number;
  /** The call that `readTcpInfo` makes and what it asks for. */
  readonly tcpInfoSyscall: 'getsockopt' | 'ioctl';
  readonly tcpInfoName: string;
  /** Descriptors that {@link lastHeard} takes at once, replaced by its answers. Copy them before anything else runs. */
  readonly batch: Int32Array;
  /**
   * Replaces the first `count` descriptors in `batch`, each by milliseconds since its peer was heard, or a negative error
   * number: `noSuchOption` where the OS does not tell.
   */
  lastHeard(count: number): void;
  readonly noSuchOption: number;
  /** Connections that wait to be accepted, or a negative error number. */
  acceptQueueLength(descriptor: number): number;
  try(
    enabled: number,
    initialDelaySeconds: number,
    intervalSeconds: number,
    count: number,
    userTimeout: number,
  ): number;
  /** Where the runtime hands out duplicates. */
  closeDuplicate(descriptor: number): void;
  /** Windows only, where handles have no descriptor. */
  readonly findSocket?: (invertReference: () => void) => number;
}

/** Places in `slots`: the settings in the order of `Option` in `native/socket_options.h`, then what was refused or changed. */
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
  /** The first of the fields of `readTcpInfo`, in the order of `InfoField` in `native/tcp_info.h`. */
  info: 10,
} as const;

/** `kAbsent` of the addon: leave the option alone, or (read) this OS has none. */
export const absent = -1;

/** `Syscall` in `native/keepalive.h`. */
export const syscalls = ['socket', 'getsockopt', 'setsockopt', 'ioctl'] as const;

// Not `require`: bundlers replace that.
const load = createRequire(__filename);

/** Loads the first of the {@link candidates} that loads, or says what was tried and what to do. */
export function loadBinding(root: string, folder: string, target: Target = runningTarget()): Binding {
  const attempts: Attempt[] = [];
  for (const { path, file } of candidates(root, folder, target)) {
    try {
      return load(file()) as Binding;
    } catch (error) {
      attempts.push({ path, error: error as Error });
    }
  }
  const { error: cause } = attempts.find(({ error }) => error.code !== 'ENOENT') ?? attempts[0]!;
  throw new KeepaliveError('ERR_KEEPALIVE_ADDON', explain(root, target, attempts), { cause });
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

/** Bundled, this file is `dist/index.js`. */
const folder = path.basename(__dirname) === 'addon' ? path.dirname(__dirname) : __dirname;

export const binding = loadBinding(path.dirname(folder), folder);
