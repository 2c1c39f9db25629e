import type { Socket } from 'node:net';
import { lastHeard, readTcpInfo } from '../../index.js';

/** What Node's socket handles count, where they do. */
interface Counters {
  /** Handed to libuv. */
  readonly bytesWritten?: number;
  /** Of them, those that the kernel has not taken. */
  readonly writeQueueSize?: number;
  /** The handle below that of TLS, which knows what has left as what it was encrypted to. */
  readonly _parent?: Counters | null;
}

const nothing: Counters = {};
/** As little is never stuck in the kernel on its own: the peer's has room for it. */
const fitsAnywhere = 2_048;

/** What a connection did from one position to the next: 'moved' is what waited to be sent. */
export type Progress = 'received' | 'moved' | 'none';

/** Follows a socket's count of received bytes. */
export class Received {
  #bytes = 0;

  /** Whether it has grown since it was asked last. */
  hasGrown(socket: Pick<Socket, 'bytesRead'> | undefined): boolean {
    const before = this.#bytes;
    this.#bytes = socket?.bytesRead ?? before;
    return this.#bytes > before;
  }
}

/** How far a connection's traffic had come. */
export class TrafficPosition extends Received {
  /** Bytes that have left this machine. They cannot while the peer's kernel has no room, that is while nobody reads there. */
  #sent = 0;
  /** Bytes waited here to leave. */
  #stuck = false;
  #written = 0;

  /** Takes the position of now, and tells what came about since the last one. */
  advance(socket: Socket | undefined, buffered: number): Progress {
    const sent = this.#sent;
    const stuck = this.#stuck;
    if (this.take(socket, buffered)) return 'received';
    return (stuck || this.#stuck) && this.#sent > sent ? 'moved' : 'none';
  }

  /** Takes the position of now. `buffered`: bytes that wait above the socket and in it. Tells whether any were received. */
  take(socket: Socket | undefined, buffered: number): boolean {
    const counters = countersOf(socket);
    const received = this.hasGrown(socket);
    if (counters.bytesWritten === undefined || counters.writeQueueSize === undefined) {
      this.#sent = -buffered;
      this.#stuck = buffered > 0;
      return received;
    }
    // The kernel need not be asked of each silent client in each round.
    const isKnown = !this.#stuck && buffered === 0 && counters.bytesWritten - this.#written < fitsAnywhere;
    const inKernel = isKnown ? 0 : notSent(socket!);
    this.#written = counters.bytesWritten;
    this.#sent = counters.bytesWritten - counters.writeQueueSize - inKernel;
    this.#stuck = buffered > 0 || inKernel > 0;
    return received;
  }
}

function countersOf(socket: Socket | undefined): Counters {
  let counters = (socket as { _handle?: Counters | null } | undefined)?._handle ?? nothing;
  while (counters._parent !== undefined && counters._parent !== null) counters = counters._parent;
  return counters;
}

/** 0 also where the OS does not tell: there what the kernel took counts as sent. */
function notSent(socket: Socket): number {
  /* v8 ignore next -- an OS that does not tell */
  return ask(() => readTcpInfo(socket).notSent) ?? 0;
}

/** Milliseconds since the peer's kernel was heard from; Infinity where that cannot be known. */
export function kernelSilence(socket: Socket | undefined): number {
  return (socket === undefined ? null : ask(() => lastHeard(socket))) ?? Infinity;
}

/** What cannot be asked is not known: the connection has just ended, or is not TCP. */
function ask(question: () => number | null): number | null {
  try {
    return question();
  } catch {
    return null;
  }
}
