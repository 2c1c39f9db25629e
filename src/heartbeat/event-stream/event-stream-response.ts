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

/** What says how a response is doing. */
interface Sink {
  readonly destroyed?: boolean;
  readonly closed?: boolean;
  readonly writableEnded?: boolean;
  readonly writableNeedDrain?: boolean;
}

/** The response itself, or the stream behind that of http2's compatibility interface. */
function sinkOf(response: EventStreamResponse): Sink {
  return (response as { stream?: Sink }).stream ?? response;
}

/** Whether it has not ended. */
export function isWritable(response: EventStreamResponse): boolean {
  const { destroyed, closed, writableEnded } = sinkOf(response);
  return !(response.writableEnded || destroyed === true || closed === true || writableEnded === true);
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
