import { binding, type Binding } from '../addon/binding.js';
import { HIDDEN, NOT_CONNECTED, NOT_TCP, type Handle, type Runtime } from './runtime.js';

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
    // A TCP handle shows its descriptor, except on Windows.
    /* v8 ignore next -- Windows: npm run matrix, under Wine */
    return binding.findSocket === undefined ? NOT_CONNECTED : findSocket(binding, handle);
  },
  release: () => undefined,
  hasNoHandle: () => false,
  whyHidden: 'The descriptor could not be found: Node does not tell it on Windows',
  whyNotAll: undefined,
};

function isTcp(handle: Handle): handle is TcpHandle {
  return handle.constructor.name === 'TCP';
}

type SocketFinder = Pick<Binding, 'findSocket' | 'noSocketYet'>;

const foundSockets = new WeakMap<Handle, number>();

/** Windows: the SOCKET of a TCP handle, found by inverting its reference flag, or one of the answers of `runtime.ts`. */
export function findSocket({ findSocket, noSocketYet }: SocketFinder, handle: TcpHandle): number {
  const known = foundSockets.get(handle);
  if (known !== undefined) return known;
  const found = findSocket!(() => {
    if (handle.hasRef()) handle.unref();
    else handle.ref();
  });
  if (found < 0) return found === noSocketYet ? NOT_CONNECTED : HIDDEN;
  foundSockets.set(handle, found);
  return found;
}
