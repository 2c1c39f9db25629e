import type { Readable } from 'node:stream';
import { override } from '../../util/override.js';

/**
 * Calls `heard` for each chunk as it arrives, read or not. A 'data' listener would make the stream flow. Returns the function
 * that ends it.
 */
export function hearChunks(stream: Readable, heard: () => void): () => void {
  return override(stream, 'push', (original) => {
    return function push(this: Readable, chunk: unknown, encoding) {
      if (chunk !== null) heard();
      return original.call(this, chunk, encoding);
    };
  });
}
