// This file has no dependencies, so that the bundle of tcp-keepalive/heartbeat can contain it too.

/**
 * Emits a process warning the first time that it is called, with the code of `error`. What is thrown may have a number
 * as its code (DOMException, gRPC), which `emitWarning` refuses.
 */
export function warnOnce(): (message: () => string, error: unknown) => void {
  let warned = false;
  return (message, error) => {
    if (warned) return;
    warned = true;
    const { code } = (error ?? {}) as { code?: unknown };
    const type = 'KeepaliveWarning';
    process.emitWarning(message(), { type, code: typeof code === 'string' ? code : 'ERR_KEEPALIVE' });
  };
}
