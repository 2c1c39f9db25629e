/**
 * What {@link EventStreamHeartbeat} uses of a response: those of `http`, `https` and `http2` (both of its interfaces) have
 * it, and what frameworks call the raw response.
 */
export interface EventStreamResponse {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  write(text: string): boolean;
  on(event: 'close' | 'finish', listener: () => void): unknown;
  off(event: 'close' | 'finish', listener: () => void): unknown;
}

/** What says how a response is doing, and what was promised of its body. */
interface Sink {
  /** Of `http`: false where there may be none, as in the answer to a HEAD request. */
  readonly _hasBody?: boolean;
  /** Of `http`: the length that was promised; null: none. */
  readonly _contentLength?: number | null;
  /** Of `http2`. */
  readonly sentHeaders?: Readonly<Record<string, unknown>> | undefined;
  readonly destroyed?: boolean;
  readonly closed?: boolean;
  readonly writableEnded?: boolean;
  readonly writableNeedDrain?: boolean;
}

/** The response itself, or the stream behind that of http2's compatibility interface. */
function sinkOf(response: EventStreamResponse): Sink {
  return (response as { stream?: Sink }).stream ?? response;
}

/** Whether a ping can ever be written to it: it has not ended, it may have a body, and no length of that was promised. */
export function isWritable(response: EventStreamResponse): boolean {
  const { destroyed, closed, writableEnded, _hasBody, _contentLength, sentHeaders } = sinkOf(response);
  if (response.writableEnded || destroyed === true || closed === true || writableEnded === true) return false;
  return _hasBody !== false && typeof _contentLength !== 'number' && sentHeaders?.['content-length'] === undefined;
}

/** Whether what was written before waits for its reader. */
export function needsDrain(response: EventStreamResponse): boolean {
  return sinkOf(response).writableNeedDrain === true;
}

/** Sends on what a compressing middleware keeps: it gives the response a `flush` of its own. */
export function flush(response: EventStreamResponse): void {
  // Node has one too, which is deprecated and not meant.
  if (Object.hasOwn(response, 'flush')) (response as unknown as { flush(): void }).flush();
}
