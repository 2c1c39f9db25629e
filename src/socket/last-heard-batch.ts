import type { Socket } from 'node:net';
import { binding } from '../addon/binding.js';
import { release, socketDescriptor } from './descriptor.js';

const { batch } = binding;

/** How many sockets are asked about at once. */
export const longestBatch = batch.length;
/** The answer of {@link askLastHeard} for a socket of which nothing is known. */
export const unknown = -1;

const answers = new Int32Array(longestBatch);
/** The descriptors in `batch`, before the answers replace them. */
const lent = new Int32Array(longestBatch);
/** The socket of each descriptor in `batch`. */
const places = new Int32Array(longestBatch);

/**
 * Asks the kernel when the peers of up to {@link longestBatch} sockets were last heard from: milliseconds for each, or
 * {@link unknown}. The answers hold until the next call.
 *
 * The descriptors are read here and used before anything else runs, so none of them can be closed and reused meanwhile.
 */
export function askLastHeard(sockets: readonly Socket[]): Readonly<Int32Array> {
  let count = 0;
  for (let place = 0; place < sockets.length; place += 1) {
    const descriptor = socketDescriptor(sockets[place]!);
    answers[place] = unknown;
    if (descriptor < 0) continue;
    batch[count] = lent[count] = descriptor;
    places[count] = place;
    count += 1;
  }
  binding.lastHeard(count);
  for (let i = 0; i < count; i += 1) {
    release(lent[i]!);
    answers[places[i]!] = Math.max(batch[i]!, unknown);
  }
  return answers;
}
