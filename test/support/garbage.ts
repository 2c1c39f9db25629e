import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects all garbage, at once. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap that are in use. What a first collection finalizes is freed by the next. */
export function heapInUse(): number {
  for (let round = 0; round < 3; round += 1) collectGarbage();
  return process.memoryUsage().heapUsed;
}
