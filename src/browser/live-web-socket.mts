import { LiveConnection, type Attempt } from './live-connection.mjs';
import { duration, type LiveOptions } from './options.mjs';

export interface LiveWebSocketOptions extends LiveOptions {
  /** True for a message that is only a heartbeat: it counts as a sign of life and is not dispatched. Default: none is. */
  readonly isHeartbeat?: (data: unknown) => boolean;
  /** A message to send every `every` milliseconds, for a server that answers it. Default: nothing is sent. */
  readonly ping?: { readonly message: string; readonly every: number };
  /** Type of binary messages. Default 'blob'. */
  readonly binaryType?: BinaryType;
}

/**
 * A WebSocket that notices silence.
 *
 * A page does not see the pings of the protocol, so only messages count: the server has to send one within `timeout`, or
 * answer `ping`. A `url` that is a function is called for each attempt and can say where to go on from. Dispatches
 * 'message', 'statechange', and 'error' with a message in `detail` when that function throws; the next attempt follows.
 * A server that closes with 1000 has finished: the state is 'closed'. Throws TypeError or
 * RangeError that names the option.
 */
export class LiveWebSocket extends LiveConnection {
  #url: string | URL | (() => string | URL);
  #protocols: string | string[];
  #options: LiveWebSocketOptions;
  #socket: WebSocket | undefined;

  constructor(
    url: string | URL | (() => string | URL),
    protocols: string | string[] = [],
    options: LiveWebSocketOptions = {},
  ) {
    super(options);
    const { isHeartbeat, ping } = options;
    if (isHeartbeat !== undefined && typeof isHeartbeat !== 'function') {
      throw new TypeError('isHeartbeat: not a function');
    }
    if (ping !== undefined) {
      if (typeof (ping as typeof ping | null)?.message !== 'string') throw new TypeError('ping.message: not a string');
      duration('ping.every', ping.every, NaN);
      if (ping.every === (undefined as unknown)) throw new TypeError('ping.every: missing');
    }
    this.#url = url;
    this.#protocols = protocols;
    this.#options = options;
    this.start();
  }

  /**
   * Sends one message. Throws InvalidStateError unless the state is 'open', and where the connection has begun to close:
   * nothing is kept for later.
   */
  send(data: string | Blob | BufferSource): void {
    const socket = this.#socket!;
    const isClosing = this.state === 'open' && socket.readyState !== WebSocket.OPEN;
    const state = isClosing ? 'closing' : this.state;
    if (state !== 'open') throw new DOMException(`the connection is ${state}`, 'InvalidStateError');
    socket.send(data);
  }

  protected override connect(attempt: Attempt): () => void {
    const { isHeartbeat, ping, binaryType = 'blob' } = this.#options;
    const socket = new WebSocket(typeof this.#url === 'function' ? this.#url() : this.#url, this.#protocols);
    let pings: ReturnType<typeof setInterval> | undefined;
    this.#socket = socket;
    socket.binaryType = binaryType;
    socket.onopen = () => {
      if (ping) {
        pings = setInterval(() => {
          if (socket.readyState === WebSocket.OPEN) socket.send(ping.message);
        }, ping.every);
      }
      attempt.opened();
    };
    socket.onmessage = ({ data, origin }: MessageEvent<unknown>) => {
      attempt.heard();
      if (!isHeartbeat?.(data)) attempt.emit(new MessageEvent('message', { data, origin }));
    };
    socket.onclose = ({ code }) => {
      clearInterval(pings);
      if (code === 1000) attempt.ended();
      else attempt.lost();
    };
    return () => {
      clearInterval(pings);
      socket.close();
    };
  }
}
