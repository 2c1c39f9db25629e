// Arguments of the public functions, right and wrong.
import fc from 'fast-check';
import { Target, almost, anything } from './values';

export const targetNames = [
  ...['client', 'accepted', 'server', 'TLS client', 'TLS accepted', 'TLS server', 'http2 socket', 'Unix client'],
  ...['Unix server', 'destroyed', 'half closed', 'unconnected', 'not listening', 'an empty socket', 'an empty server'],
  ...['agent', 'an empty agent', 'sockets', 'sockets, one destroyed', 'sockets and something else'],
];
export const target = fc.oneof(
  fc.constantFrom(...targetNames).map((name) => new Target(name)),
  anything,
);
export const fleet = fc.oneof(fc.array(target, { maxLength: 4 }), target);
export const path = almost(fc.record({ idleTimeout: fc.double(), connections: fc.nat(), heartbeat: fc.nat() }), [
  'idleTimeout',
  'connections',
  'heartbeat',
]);
const constraintNames = ['detectWithin', 'idleTimeout', 'tolerateLost', 'heartbeat'];
export const constraints = almost(
  fc.record(
    { detectWithin: fc.nat(), idleTimeout: fc.nat(), tolerateLost: fc.nat(130), heartbeat: fc.nat() },
    { requiredKeys: ['detectWithin'] },
  ),
  constraintNames,
);
export const liveness = almost(fc.record({ silentAfter: fc.nat(), checkEvery: fc.nat() }), [
  'silentAfter',
  'checkEvery',
]);
export const onError = fc.constant({ onError: () => undefined });
/** Longer ones are waited for. */
const isShort = (value: unknown) => !(typeof value === 'number' && value > 3 && value < 2 ** 31);
const spread = fc.oneof(fc.constantFrom(0, 1), anything).filter(isShort);
const aborted = fc.constantFrom('later', 'before').map((name) => new Target(`a signal aborted ${name}`));
export const fleetOptions = fc.oneof(
  fc.record({ spread, signal: fc.oneof(aborted, fc.constant(undefined)) }, { requiredKeys: [] }),
  anything,
  fc.record({ spread, signal: anything }),
);

export function signals(name: string): unknown {
  if (name === 'a signal aborted before') return AbortSignal.abort();
  if (name !== 'a signal aborted later') return undefined;
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  return controller.signal;
}
