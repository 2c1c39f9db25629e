/** What happens as a body is read. */
export interface BodyListener {
  /** A reader waits for the next piece. */
  asked(): void;
  /** A piece has come. */
  heard(): void;
  /** Nothing more will come. */
  ended(): void;
  /** The response was cloned: its clone has a body of its own. */
  forked(): void;
  /** A reader has cancelled one of the bodies. */
  dropped(): void;
}

type Body = ReadableStream<Uint8Array>;

/**
 * Observes how the body of a response is read: by readers of both kinds, pipes, loops, `text()` and the like, and
 * clones. The response and its body stay the same objects. Only the methods of the body are replaced: they lead to a
 * stream that passes the bytes on. Node's own `text()`, `clone()` and so on call these methods too. Code that reads
 * without them is not seen, and the body then counts as one that nobody reads.
 */
export function observeBody(response: Response, listener: BodyListener): void {
  const { body } = response;
  if (!(body instanceof ReadableStream)) {
    listener.ended();
    return;
  }
  const restore = leadThrough(body, tapped(body as Body, listener));
  const clone = response.clone.bind(response);
  define(response, 'clone', () => {
    if (response.bodyUsed || body.locked) return clone(); // which throws
    restore();
    Reflect.deleteProperty(response, 'clone');
    const copy = clone();
    listener.forked();
    observeBody(response, listener);
    observeBody(copy, listener);
    return copy;
  });
}

const methods = ['getReader', 'cancel', 'tee', 'pipeTo', 'pipeThrough', 'values', Symbol.asyncIterator] as const;

/** Makes the methods of one stream work on another. Returns the function that undoes it. */
function leadThrough(body: Body, tap: Body): () => void {
  for (const name of methods) {
    const method = Reflect.get(tap, name) as ((...args: unknown[]) => unknown) | undefined;
    /* v8 ignore next -- an older Node does not have each method */
    if (method !== undefined) define(body, name, method.bind(tap));
  }
  Object.defineProperty(body, 'locked', { configurable: true, get: () => tap.locked });
  return () => {
    for (const name of [...methods, 'locked']) Reflect.deleteProperty(body, name);
  };
}

function define(target: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

/** A stream of the same kind, which reads the body only when it is read itself. */
function tapped(body: Body, listener: BodyListener): Body {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const getReader: () => ReadableStreamDefaultReader<Uint8Array> = body.getReader.bind(body); // not yet led through
  const source = {
    async pull(controller: ReadableStreamDefaultController | ReadableByteStreamController): Promise<void> {
      reader ??= getReader();
      listener.asked();
      try {
        const { done, value } = await reader.read();
        if (done) {
          listener.ended();
          controller.close();
          // Answers a reader that waits with its own buffer.
          if ('byobRequest' in controller) controller.byobRequest?.respond(0);
        } else {
          listener.heard();
          controller.enqueue(value);
        }
      } catch (error) {
        listener.ended();
        throw error;
      }
    },
    cancel(reason: unknown): Promise<void> {
      listener.dropped();
      reader ??= getReader();
      return reader.cancel(reason);
    },
  };
  if (isByteStream(body)) return new ReadableStream({ type: 'bytes', ...source });
  return new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
}

function isByteStream(body: Body): boolean {
  try {
    body.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}
