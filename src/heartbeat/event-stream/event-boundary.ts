/** Two line ends in a row. Each may be written as "\n", "\r\n" or "\r" (WHATWG HTML, 9.2.5). */
const blankLine = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)$/;
/** The longest blank line. */
const longest = 4;

/** Follows what is written to an event stream, and tells whether the last event or line is complete. */
export class EventBoundary {
  /** The last characters that were written; undefined: none yet. */
  #tail: string | undefined;

  /** Whether a ping that is written now would not end up inside another event. */
  get isBetweenEvents(): boolean {
    return this.#tail === undefined || blankLine.test(this.#tail);
  }

  /** Whether a comment that is written now would be a line of its own. Not after "\r", to which a "\n" may belong. */
  get isBetweenLines(): boolean {
    return this.#tail === undefined || this.#tail.endsWith('\n');
  }

  note(chunk: unknown, encoding: unknown): void {
    const end = ending(chunk, encoding);
    if (end !== '') this.#tail = ((this.#tail ?? '') + end).slice(-longest);
  }
}

/** The last characters of a chunk. Latin 1 keeps line ends as they are, and no byte of a longer character is one. */
function ending(chunk: unknown, encoding: unknown): string {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.subarray(-longest)).toString('latin1');
  if (typeof chunk !== 'string') return '';
  if (typeof encoding !== 'string' || /^utf-?8$/i.test(encoding)) return chunk.slice(-longest);
  return Buffer.from(chunk, encoding as BufferEncoding)
    .subarray(-longest)
    .toString('latin1');
}
