import type { Socket } from 'node:net';
import { lastHeard, readTcpInfo } from '../index.js';

/** How far a connection's traffic has come. Only differences of one connection mean something. */
export interface Position {
  /** Bytes that were received. */
  readonly received: number;
  /** Bytes that have left this machine. They cannot while the peer's kernel has no room, that is while nobody reads there. */
  readonly sent: number;
  /** Bytes wait here to leave. */
  readonly stuck: boolean;
}

/** What Node's socket handles count, where they do. */
interface Counters {
  /** Handed to libuv. */
  readonly bytesWritten?: number;
  /** Of them, those that the kernel has not taken. */
  readonly writeQueueSize?: number;
  /** The handle below that of TLS, which knows what has left as what it was encrypted to. */
  readonly _parent?: Counters | null;
}

/** Where the traffic is now. `buffered`: bytes that wait above the socket and in it. */
export function positionOf(socket: Socket | undefined, buffered: number): Position {
  const received = socket?.bytesRead ?? 0;
  const { bytesWritten, writeQueueSize } = countersOf(socket);
  if (bytesWritten === undefined || writeQueueSize === undefined) {
    return { received, sent: -buffered, stuck: buffered > 0 };
  }
  const inKernel = notSent(socket!);
  return { received, sent: bytesWritten - writeQueueSize - inKernel, stuck: buffered > 0 || inKernel > 0 };
}

function countersOf(socket: Socket | undefined): Counters {
  let counters = (socket as { _handle?: Counters | null } | undefined)?._handle ?? {};
  while (counters._parent !== undefined && counters._parent !== null) counters = counters._parent;
  return counters;
}

/** 0 also where the OS does not tell: there what the kernel took counts as sent. */
function notSent(socket: Socket): number {
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
