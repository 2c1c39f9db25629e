import { binding, type Binding } from '../addon/binding.js';
import { NOT_CONNECTED, NOT_TCP, type Handle, type Runtime } from './runtime.js';

/** A `TCP` handle. */
export interface TcpHandle extends Handle {
  hasRef(): boolean;
  ref(): void;
  unref(): void;
}

export const node: Runtime = {
  isTcp,
  descriptorOf(handle) {
    if (!isTcp(handle)) return NOT_TCP;
    const { findSocket: find } = binding;
    return find === undefined ? NOT_CONNECTED : findSocket(find, handle);
  },
  release: () => undefined,
  hasNoHandle: () => false,
  whyHidden: 'Node does not tell the descriptor',
  whyNotAll: undefined,
};

function isTcp(handle: Handle): handle is TcpHandle {
  return handle.constructor.name === 'TCP';
}

const foundSockets = new WeakMap<Handle, number>();

/** Windows: the SOCKET of a TCP handle, found by inverting its reference flag; -1 where it has none yet. */
export function findSocket(find: NonNullable<Binding['findSocket']>, handle: TcpHandle): number {
  const known = foundSockets.get(handle);
  if (known !== undefined) return known;
  const found = find(() => {
    if (handle.hasRef()) handle.unref();
    else handle.ref();
  });
  if (found >= 0) foundSockets.set(handle, found);
  return found;
}
