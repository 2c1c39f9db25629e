import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Options of {@link inSlices}. */
export interface SliceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Not before this time of `performance.now()`; undefined: at once. */
  readonly dueAt?: ((index: number) => number | undefined) | undefined;
}

/** Milliseconds after which the event loop gets its turn. The last item may take the rest of half a millisecond. */
export const slice = 0.4;
const stride = 8;

/** Visits items in slices, so that a long list does not hold the event loop. Rejects with the signal's reason. */
export async function inSlices<T>(
  items: Iterable<T>,
  visit: (item: T, index: number) => void,
  { signal, dueAt }: SliceOptions = {},
): Promise<void> {
  let index = 0;
  let now = performance.now();
  let end = now + slice;
  for (const item of items) {
    signal?.throwIfAborted();
    const wait = (dueAt?.(index) ?? now) - now;
    if (wait > 0 || now > end) {
      await (wait > 0 ? pause(Math.ceil(wait), signal) : nextTurn());
      signal?.throwIfAborted();
      end = performance.now() + slice;
    }
    visit(item, index);
    index += 1;
    // A look at the clock costs a twentieth of what an item costs.
    if (dueAt !== undefined || index % stride === 0) now = performance.now();
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    // The caller throws the signal's own reason.
  }
}
