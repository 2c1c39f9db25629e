import type { Socket } from 'node:net';
import { binding } from '../addon/binding.js';
import { release, socketDescriptor } from './descriptor.js';

interface WithSocket {
  readonly socket: Socket;
}

const { batch } = binding;

/** As in `batch` before the answers came. */
const lent: number[] = [];

/**
 * Asks the kernel when the peers of the next sockets were last heard from: of those that {@link take} is given, in its
 * order, `answers` holds milliseconds or a negative error number, until the next system call of this package.
 *
 * The descriptors are asked of the sockets here and used before anything else runs, so none of them can have been closed
 * and opened again as something else.
 *
 * @param without is called for a socket that has no descriptor, with what `socketDescriptor` answered
 * @returns how many of `most` are left
 */
export function askNext<T extends WithSocket>(
  rest: Iterator<T>,
  most: number,
  take: T[],
  without: (entry: T, answer: number) => void,
): number {
  take.length = 0;
  let left = most;
  while (take.length < batch.length && left > 0) {
    const next = rest.next();
    if (next.done === true) {
      left = 0;
      break;
    }
    left -= 1;
    const entry = next.value;
    const descriptor = socketDescriptor(entry.socket);
    if (descriptor < 0) without(entry, descriptor);
    else batch[take.push(entry) - 1] = lent[take.length - 1] = descriptor;
  }
  binding.lastHeard(take.length);
  for (let i = 0; i < take.length; i += 1) release(lent[i]!);
  return left;
}

export const answers: Readonly<Int32Array> = batch;
