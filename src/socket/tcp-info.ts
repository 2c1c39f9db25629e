import type { Socket } from 'node:net';
import { Slot, binding } from '../addon/binding.js';
import { borrowed, realSocket, socketDescriptor } from './descriptor.js';
import type { KeepaliveError } from '../util/errors.js';
import { refusalOf } from './kernel.js';

// `TcpState` of native/tcp_info.h.
const states = [
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
] as const;

/** A state of RFC 9293. */
export type TcpState = (typeof states)[number];

/** What the kernel knows about a connection. A field is null where this OS, or this version of it, does not tell it. */
export interface TcpInfo {
  /** Linux, macOS, Windows. */
  readonly state: TcpState | null;
  /** Smoothed round-trip time in milliseconds. Linux and Windows to the microsecond, macOS to the millisecond. */
  readonly rtt: number | null;
  /** Mean deviation of the round-trip time in milliseconds. Linux, macOS. */
  readonly rttVariance: number | null;
  /** Retransmissions in a row of what is in flight now. Linux. */
  readonly retransmits: number | null;
  /** Keepalive (or zero-window) probes that are unanswered now. Linux. */
  readonly unansweredProbes: number | null;
  /** Segments that were sent and not acknowledged. Linux. */
  readonly unacknowledged: number | null;
  /** Bytes that were written and not sent. Linux 4.6 and later. */
  readonly notSent: number | null;
  /** Milliseconds since data was last sent; keepalive probes do not count. Linux. */
  readonly sinceDataSent: number | null;
  /** Milliseconds since data was last received. Linux. */
  readonly sinceDataReceived: number | null;
  /** Milliseconds since an acknowledgement was last received, the answer to a probe included. Linux. */
  readonly sinceAckReceived: number | null;
}

const { absent, batch, slots } = binding;

/** Where each field is in `slots`. */
const place = Object.fromEntries(binding.infoNames.map((name, index) => [name, Slot.info + index])) as Record<
  keyof TcpInfo,
  number
>;

/**
 * What the kernel knows about a connection now: Linux TCP_INFO, macOS TCP_CONNECTION_INFO, Windows SIO_TCP_INFO (from
 * 10.0.15063). One system call.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_KEEPALIVE_NOT_CONNECTED`, `ERR_KEEPALIVE_CLOSED`, `ERR_KEEPALIVE_NOT_TCP`,
 * `ERR_KEEPALIVE_UNSUPPORTED`, `ERR_KEEPALIVE_ADDON`, or the kernel's own code.
 *
 * @example
 * ```ts
 * const { rtt, unacknowledged, state }: TcpInfo = readTcpInfo(socket);
 * const isOpen = state === ('established' satisfies TcpState);
 * ```
 */
export function readTcpInfo(socket: Socket): TcpInfo {
  borrowed(socketDescriptor(realSocket(socket)), fillSlots);
  const state = field(place.state);
  const rtt = field(place.rtt);
  const rttVariance = field(place.rttVariance);
  return {
    /* v8 ignore next -- an OS that does not tell */
    state: state === null ? null : states[state]!,
    rtt: rtt === null ? null : rtt / 1000,
    rttVariance: rttVariance === null ? null : rttVariance / 1000,
    retransmits: field(place.retransmits),
    unansweredProbes: field(place.unansweredProbes),
    unacknowledged: field(place.unacknowledged),
    notSent: field(place.notSent),
    sinceDataSent: field(place.sinceDataSent),
    sinceDataReceived: field(place.sinceDataReceived),
    sinceAckReceived: field(place.sinceAckReceived),
  };
}

/**
 * Milliseconds since the peer's kernel was last heard from: since data or an acknowledgement arrived. The answer to a
 * keepalive probe is an acknowledgement, so with a profile on the socket even a peer that sends nothing shows that it
 * is there. In steps of the kernel's clock, 1 to 10 ms. null where the OS does not tell: macOS and Windows
 * (`keepaliveSupport.lastHeard`).
 *
 * Only the side that sends probes gets their answers: if only the peer probes, its probes do not change this side's
 * value.
 *
 * Throws as {@link readTcpInfo} does.
 *
 * @example
 * ```ts
 * const milliseconds = lastHeard(socket); // null where the OS does not tell
 * ```
 */
export function lastHeard(socket: Socket): number | null {
  const answer = borrowed(socketDescriptor(realSocket(socket)), heardBy);
  if (answer >= 0) return answer;
  if (answer === binding.noSuchOption) return null;
  throw refused(answer);
}

function fillSlots(descriptor: number): void {
  const errno = binding.readTcpInfo(descriptor);
  if (errno !== 0) throw refused(errno);
}

function heardBy(descriptor: number): number {
  batch[0] = descriptor;
  binding.lastHeard(1);
  return batch[0];
}

function refused(errno: number): KeepaliveError {
  return refusalOf(errno, binding.tcpInfoSyscall, binding.tcpInfoName);
}

function field(slot: number): number | null {
  const value = slots[slot]!;
  return value === absent ? null : value;
}
