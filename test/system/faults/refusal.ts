// One refused system call, and what its error should say.
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { Call, optionName, oracle, type OptionName } from '../../support/oracle';

/** A system call as the interposer finds it again: the nth of its kind. */
export interface Refusable {
  readonly call: Call;
  readonly level: number;
  readonly name: number;
  readonly nth: number;
}

/** Every error number of Linux (include/uapi/asm-generic/errno.h), also those that nothing here names. */
export const errnos = Array.from({ length: 133 }, (_, i) => i + 1);

export function refuse({ call, level, name, nth }: Refusable, errno: number): void {
  oracle.refuse(call, level, name, nth, 1, errno);
}

export function refuseNothing(): void {
  oracle.refuse(Call.close, 0, 0, 0, 0, 0);
}

/** The option calls that a function makes, in its order. */
export function takeCalls(): Refusable[] {
  const made: Refusable[] = [];
  for (const [, set, level, name] of oracle.takeCalls()) {
    const call = set === 1 ? Call.setsockopt : Call.getsockopt;
    const one = { call, level: level!, name: name! };
    if (optionOf(one) === undefined) continue; // Node's own: TCP_NODELAY, SO_ERROR
    const nth = made.filter((other) => other.call === call && other.level === level && other.name === name).length;
    made.push({ ...one, nth });
  }
  return made;
}

export function optionOf({ level, name }: Omit<Refusable, 'nth'>): OptionName | 'TCP_INFO' | undefined {
  return level === oracle.IPPROTO_TCP && name === oracle.TCP_INFO ? 'TCP_INFO' : optionName(level, name);
}

export function nameOf(errno: number): string {
  const known = Object.entries(constants.errno).find(([, number]) => number === errno);
  return getSystemErrorMap().get(-errno)?.[0] ?? known?.[0] ?? `error ${-errno}`;
}

/** The syscall as an error names it. */
export function syscallOf({ call }: Refusable): string {
  return Object.keys(Call)[call]!;
}

export function codeOf({ call }: Refusable, errno: number): string {
  const name = nameOf(errno);
  if (call === Call.socket) return name;
  if (name === 'ENOPROTOOPT') return 'ERR_KEEPALIVE_UNSUPPORTED';
  return ['ENOTSOCK', 'ENOTSUP', 'EOPNOTSUPP'].includes(name) ? 'ERR_KEEPALIVE_NOT_TCP' : name;
}
