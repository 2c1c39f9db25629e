import { types } from 'node:util';
import { KeepaliveError } from '../index.js';
import { hasEnded } from '../util/unproxied.js';
import { display } from '../util/invalid-argument.js';
import { warnOnce } from '../util/warn-once.js';

/** Called with what a target has thrown: a heartbeat has no caller that could catch it. */
export type OnError<Target> = (error: unknown, target: Target) => void;

/** Reports what a target has thrown: to `onError`, or, without it and only once, as a process warning. */
export function faultReporter<Target>(heartbeat: string, onError: OnError<Target> | undefined): OnError<Target> {
  if (onError !== undefined) return onError;
  const warn = warnOnce();
  return (error, target) => {
    const { message = display(error) } = (error ?? {}) as Partial<Error>;
    warn(() => `${heartbeat}: ${display(target)} has thrown: ${message}`, error);
  };
}

/** Whether this is the socket of an http2 session or stream that has ended. Any access to it may throw. */
export function isEndedSocket(value: unknown): boolean {
  return types.isProxy(value) && hasEnded(value);
}

/** Throws `ERR_KEEPALIVE_CLOSED` for the socket of an http2 session or stream that has ended. */
export function assertNotEnded(name: string, value: unknown): void {
  if (!isEndedSocket(value)) return;
  throw new KeepaliveError(
    'ERR_KEEPALIVE_CLOSED',
    `The "${name}" argument is the socket of an http2 session or stream that has ended`,
  );
}
