/**
 * The part of a response that {@link EventStreamHeartbeat} uses. Responses of `http`, `https` and `http2` (both of its
 * interfaces) have it, and so do the raw responses of frameworks.
 */
export interface EventStreamResponse {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  write(text: string): boolean;
  on(event: 'close' | 'finish', listener: () => void): unknown;
  off(event: 'close' | 'finish', listener: () => void): unknown;
}

/** Where a response shows whether it has ended, and what its headers promised about the body. */
interface Sink {
  /** Of `http`: false where a body is not allowed, as in the answer to a HEAD request. */
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

/** The response itself, or the stream behind a response of http2's compatibility interface. */
function sinkOf(response: EventStreamResponse): Sink {
  return (response as { stream?: Sink }).stream ?? response;
}

/** Whether a ping can be written to it: it has not ended, it may have a body, and it has no `content-length`. */
export function isWritable(response: EventStreamResponse): boolean {
  const { destroyed, closed, writableEnded, _hasBody, _contentLength, sentHeaders } = sinkOf(response);
  if (response.writableEnded || destroyed === true || closed === true || writableEnded === true) return false;
  return _hasBody !== false && typeof _contentLength !== 'number' && sentHeaders?.['content-length'] === undefined;
}

/** Whether earlier data still waits for the reader. */
export function needsDrain(response: EventStreamResponse): boolean {
  return sinkOf(response).writableNeedDrain === true;
}

/** Sends what a compressing middleware holds back. Such a middleware puts its own `flush` on the response. */
export function flush(response: EventStreamResponse): void {
  // Not Node's own `flush`, which is inherited and deprecated.
  if (Object.hasOwn(response, 'flush')) (response as unknown as { flush(): void }).flush();
}
