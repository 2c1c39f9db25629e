import type { Http2Session } from 'node:http2';
import { KeepaliveError } from '../../index.js';
import { isEndedSocket } from '../fault.js';

/** Where Node keeps the open streams of a session. No public property tells how many there are. */
interface State {
  readonly streams?: ReadonlyMap<number, unknown>;
}

export function isSession(value: unknown): value is Http2Session {
  if (isEndedSocket(value) || typeof value !== 'object' || value === null) return false;
  const { closed, destroyed, ping, goaway, on, off } = value as Partial<Http2Session>;
  if (typeof closed !== 'boolean' || typeof destroyed !== 'boolean') return false;
  return [ping, goaway, on, off].every((method) => typeof method === 'function');
}

/** Counts the streams that a session has open. Throws `ERR_KEEPALIVE_UNSUPPORTED` where the runtime does not tell. */
export function streamCounter(session: Http2Session): () => number {
  for (const key of Object.getOwnPropertySymbols(session)) {
    const state = (session as unknown as Record<symbol, State | null | undefined>)[key];
    if (key.description === 'state' && typeof state?.streams?.size === 'number') return () => state.streams!.size;
  }
  throw new KeepaliveError(
    'ERR_KEEPALIVE_UNSUPPORTED',
    'This runtime does not tell how many streams an http2 session has open: leave "onlyWithStreams" out',
    { option: 'onlyWithStreams' },
  );
}
