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
/** Of the segments that one wire carries: Ethernet's. */
const largestSegment = 1_460;

/** What a connection did from one position to the next: 'moved' is what was on its way to the peer. */
export type Progress = 'received' | 'moved' | 'none';

/** Follows a socket's count of received bytes. */
export class Received {
  #bytes = 0;

  /** How many more there are than when it was asked last. */
  growth(socket: Pick<Socket, 'bytesRead'> | undefined): number {
    const before = this.#bytes;
    this.#bytes = socket?.bytesRead ?? before;
    return this.#bytes - before;
  }

  hasGrown(socket: Pick<Socket, 'bytesRead'> | undefined): boolean {
    return this.growth(socket) > 0;
  }
}

/** How far a connection's traffic had come. */
export class TrafficPosition extends Received {
  /** Bytes that have left this machine. They cannot while the peer's kernel has no room, that is while nobody reads there. */
  #sent = 0;
  /** Bytes waited here to leave. */
  #stuck = false;
  /** A ping, or what was written before it, may have been on its way still. */
  #inFlight = false;
  #written = 0;
  #writtenByPing = 0;
  #takenAt = 0;

  /** A ping is about to be written. */
  notePing(socket: Socket | undefined): void {
    this.#writtenByPing = countersOf(socket).bytesWritten ?? 0;
  }

  /** Takes the position of now, and tells what came about since the last one. `buffered`: bytes that wait in this process. */
  advance(socket: Socket | undefined, buffered: number): Progress {
    const [sent, stuck, inFlight] = [this.#sent, this.#stuck, this.#inFlight];
    const received = this.hasGrown(socket);
    const isAcknowledged = this.#take(socket, buffered);
    if (received) return 'received';
    const hasLeft = (stuck || this.#stuck) && this.#sent > sent;
    return hasLeft || ((inFlight || this.#inFlight) && isAcknowledged) ? 'moved' : 'none';
  }

  /** Tells whether the peer's kernel has acknowledged something since the last position, where it was asked. */
  #take(socket: Socket | undefined, buffered: number): boolean {
    const { bytesWritten, writeQueueSize } = countersOf(socket);
    const takenAt = this.#takenAt;
    this.#takenAt = performance.now();
    if (bytesWritten === undefined || writeQueueSize === undefined) {
      this.#sent = -buffered;
      this.#stuck = buffered > 0;
      return false;
    }
    // The kernel need not be asked of each silent client in each round.
    const isKnown = !this.#stuck && !this.#inFlight && buffered === 0 && bytesWritten - this.#written < fitsAnywhere;
    const kernel = isKnown ? undefined : ask(() => readTcpInfo(socket!));
    /* v8 ignore next -- an OS that does not tell */
    const notSent = kernel?.notSent ?? 0;
    this.#written = bytesWritten;
    this.#sent = bytesWritten - writeQueueSize - notSent;
    this.#stuck = buffered > 0 || notSent > 0;
    this.#inFlight = (kernel?.unacknowledged ?? 0) * largestSegment > bytesWritten - this.#writtenByPing;
    return (kernel?.sinceAckReceived ?? Infinity) < this.#takenAt - takenAt;
  }
}

/** Bytes that were handed to the socket and that the kernel has not taken. */
export function waitingInProcess(socket: Socket | undefined): number {
  return countersOf(socket).writeQueueSize ?? socket?.writableLength ?? 0;
}

function countersOf(socket: Socket | undefined): Counters {
  let counters = (socket as { _handle?: Counters | null } | undefined)?._handle ?? nothing;
  while (counters._parent !== undefined && counters._parent !== null) counters = counters._parent;
  return counters;
}

/** Milliseconds since the peer's kernel was heard from; Infinity where that cannot be known. */
export function kernelSilence(socket: Socket | undefined): number {
  return (socket === undefined ? null : ask(() => lastHeard(socket))) ?? Infinity;
}

/** What cannot be asked is not known: the connection has just ended, or is not TCP. */
function ask<Answer>(question: () => Answer): Answer | null {
  try {
    return question();
  } catch {
    return null;
  }
}
