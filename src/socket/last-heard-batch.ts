import type { Socket } from 'node:net';
import { binding } from '../addon/binding.js';
import { release, socketDescriptor } from './descriptor.js';

const { batch } = binding;

/** As many sockets are asked about at once. */
export const longestBatch = batch.length;
/** What {@link askLastHeard} answers for a socket of which nothing is known. */
export const unknown = -1;

const answers = new Int32Array(longestBatch);
/** As in `batch` before the answers came. */
const lent = new Int32Array(longestBatch);
/** Which socket each descriptor in `batch` is of. */
const places = new Int32Array(longestBatch);

/**
 * Asks the kernel when the peers of up to {@link longestBatch} sockets were last heard from: milliseconds for each, or
 * {@link unknown}. The answers hold until the next call.
 *
 * The descriptors are asked of the sockets here and used before anything else runs, so none of them can have been closed
 * and opened again as something else.
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
