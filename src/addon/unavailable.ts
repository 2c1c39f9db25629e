import type { Binding } from './binding.js';
import { KeepaliveError } from '../util/errors.js';

/** Stands in for an addon that was not loaded: each call throws. Calls of a loaded addon cost nothing more. */
export function unavailableBinding(reason: KeepaliveError): Binding {
  const refuse = (): never => {
    throw unavailable(reason);
  };
  return {
    slots: new Int32Array(32),
    optionNames: [],
    infoNames: [],
    absent: 0,
    read: refuse,
    readSystem: refuse,
    apply: refuse,
    try: refuse,
    readTcpInfo: refuse,
    tcpInfoSyscall: 'getsockopt',
    tcpInfoName: 'TCP_INFO',
    batch: new Int32Array(1),
    lastHeard: refuse,
    noSuchOption: 0,
    unansweredFor: refuse,
    acceptQueueLength: refuse,
    closeDuplicate: refuse,
    // Without it, a socket on Windows would be taken for one that is not connected yet.
    /* v8 ignore next -- Windows */
    ...(process.platform === 'win32' && { findSocket: refuse }),
  };
}

/** Why the addon was not loaded, with the stack of the call that needs it. */
export function unavailable({ message, cause }: KeepaliveError): KeepaliveError {
  return new KeepaliveError('ERR_KEEPALIVE_ADDON', message, { cause });
}
