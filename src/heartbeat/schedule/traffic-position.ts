import type { Socket } from 'node:net';
import { lastHeard, readTcpInfo } from '../../index.js';

/** The counters of a socket handle, where the runtime has them. */
interface Counters {
  /** Handed to libuv. */
  readonly bytesWritten?: number;
  /** Of them, those that the kernel has not taken. */
  readonly writeQueueSize?: number;
  /** The handle below that of TLS. It counts encrypted bytes. */
  readonly _parent?: Counters | null;
}

const nothing: Counters = {};
/** Bytes. So little data never waits in this kernel: the peer's has room for it. */
const fitsAnywhere = 2_048;
/** Bytes of data in a segment on Ethernet. */
const largestSegment = 1_460;

/** What happened between two positions. 'moved': the peer's kernel took data that was on its way to it. */
export type Progress = 'received' | 'moved' | 'none';

/** Follows a socket's count of received bytes. */
export class Received {
  #bytes = 0;

  /** How many bytes were received since the last call. */
  growth(socket: Pick<Socket, 'bytesRead'> | undefined): number {
    const before = this.#bytes;
    this.#bytes = socket?.bytesRead ?? before;
    return this.#bytes - before;
  }

  hasGrown(socket: Pick<Socket, 'bytesRead'> | undefined): boolean {
    return this.growth(socket) > 0;
  }
}

/** How far the traffic of a connection has come. */
export class TrafficPosition extends Received {
  /** Bytes that have left this machine. None leave while the peer's kernel has no room, because nobody reads there. */
  #sent = 0;
  /** Whether bytes waited here to be sent. */
  #stuck = false;
  /** Whether a ping, or data before it, may still have been in flight. */
  #inFlight = false;
  #written = 0;
  #writtenByPing = 0;
  #takenAt = 0;

  /** A ping is about to be written. */
  notePing(socket: Socket | undefined): void {
    this.#writtenByPing = countersOf(socket).bytesWritten ?? 0;
  }

  /**
   * Takes the present position, and returns what happened since the last one. `buffered`: bytes that wait in this
   * process.
   */
  advance(socket: Socket | undefined, buffered: number): Progress {
    const [sent, stuck, inFlight] = [this.#sent, this.#stuck, this.#inFlight];
    const received = this.hasGrown(socket);
    const isAcknowledged = this.#take(socket, buffered);
    if (received) return 'received';
    const hasLeft = (stuck || this.#stuck) && this.#sent > sent;
    return hasLeft || ((inFlight || this.#inFlight) && isAcknowledged) ? 'moved' : 'none';
  }

  /**
   * Returns whether the peer's kernel has acknowledged something since the last position, as far as this kernel was
   * asked.
   */
  #take(socket: Socket | undefined, buffered: number): boolean {
    const { bytesWritten, writeQueueSize } = countersOf(socket);
    const takenAt = this.#takenAt;
    this.#takenAt = performance.now();
    if (bytesWritten === undefined || writeQueueSize === undefined) {
      this.#sent = -buffered;
      this.#stuck = buffered > 0;
      return false;
    }
    // Saves a system call for each silent client in each round.
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

/** null where the question fails: the connection has just ended, or is not TCP. */
function ask<Answer>(question: () => Answer): Answer | null {
  try {
    return question();
  } catch {
    return null;
  }
}
