import { linuxBounds, macosBounds, windowsBounds, type KernelBounds } from './kernel-bounds.js';

/** An inclusive range. */
export interface KeepaliveRange {
  readonly min: number;
  readonly max: number;
}

/**
 * The values that an OS accepts. Times in milliseconds; `initialDelay` and `interval` are whole seconds within their
 * range.
 */
export interface KeepaliveLimits {
  readonly initialDelay: KeepaliveRange;
  readonly interval: KeepaliveRange;
  readonly count: KeepaliveRange;
  /** null where the OS has no user timeout. 0 is the system's default; a profile of 1 to 999 is refused. */
  readonly userTimeout: KeepaliveRange | null;
}

/** How the operating systems differ, as far as the JavaScript code depends on it. The rest is in native/. */
export interface Platform {
  readonly limits: KeepaliveLimits;
  /** The most that `initialDelay + interval * count` may be, in milliseconds. */
  readonly longestVerdict: number;
  readonly tcpInfo: boolean;
  /** The kernel tells when the peer was last heard from. */
  readonly lastHeard: boolean;
  readonly listenerInheritance: boolean;
  /** The errors of the kernel for a new setting on a connection that is dead but not yet closed. */
  readonly deadConnectionErrors: readonly string[];
  /** Milliseconds in the kernel's unit of the user timeout. */
  readonly userTimeoutUnit: number;
  /** A user timeout replaces the count: it decides when unanswered probes end an idle connection. */
  readonly userTimeoutEndsProbing: boolean;
  /**
   * The kernel counts all of the silence against the peer, also with data in flight, and also the silence before a
   * profile was applied. It does not tell how long that was. `kCountHoldsSilence` in native/socket_options.h.
   */
  readonly countHoldsSilence: boolean;
  readonly bounds: KernelBounds;
}

const second = 1000;
const int32Max = 0x7fffffff;

function limits(seconds: number, count: number, userTimeout: number | null): KeepaliveLimits {
  const time = Object.freeze({ min: second, max: seconds * second });
  return Object.freeze({
    initialDelay: time,
    interval: time,
    count: Object.freeze({ min: 1, max: count }),
    userTimeout: userTimeout === null ? null : Object.freeze({ min: 0, max: userTimeout }),
  });
}

// include/net/tcp.h: MAX_TCP_KEEPIDLE and MAX_TCP_KEEPINTVL 32767, MAX_TCP_KEEPCNT 127; the user timeout is an int.
// net/ipv4/tcp_timer.c, tcp_keepalive_timer: the user timeout, if set, is checked and the count is not.
const linux: Platform = {
  limits: limits(32_767, 127, int32Max),
  longestVerdict: Infinity, // net/ipv4/tcp_timer.c, tcp_keepalive_timer: the probes are counted
  tcpInfo: true,
  lastHeard: true,
  listenerInheritance: true,
  deadConnectionErrors: [],
  userTimeoutUnit: 1,
  userTimeoutEndsProbing: true,
  countHoldsSilence: false,
  bounds: linuxBounds,
};

/** Seconds that a signed 32-bit number of milliseconds can hold. */
const int32Seconds = Math.floor(int32Max / second);

// xnu bsd/netinet/tcp_usrreq.c, tcp_ctloutput, accepts an unsigned 32-bit number of milliseconds. But tcp_timer.c
// compares timers as signed numbers (timer_diff), so a longer timer is due at once. It also computes delay + interval *
// count (tcp_timers, TCPT_KEEP) in unsigned 32 bits, which wrap: 2,048 s * 262,144 is 0, and the connection is dropped
// at the first probe time. tcp_input.c, tcp_input, "inherit states from the listener": interval and count are
// inherited, the initial delay and the connection-drop time are not. The largest user timeout is the last that is still
// an int after it is rounded up to seconds.
const darwin: Platform = {
  limits: limits(int32Seconds, int32Seconds - 1, int32Seconds * second),
  longestVerdict: int32Seconds * second,
  tcpInfo: true,
  lastHeard: false,
  listenerInheritance: false,
  deadConnectionErrors: ['EINVAL', 'ECONNRESET'], // uipc_socket.c, sosetoptlock; tcp_usrreq.c, tcp_ctloutput
  userTimeoutUnit: second,
  userTimeoutEndsProbing: false,
  countHoldsSilence: true,
  bounds: macosBounds,
};

// Winsock's documentation gives a range for the count only, and SIO_KEEPALIVE_VALS takes a 32-bit number of
// milliseconds. How the kernel compares them is not documented, so the limits are those of a signed number. Whether
// options are inherited is not documented. The errors are from the pages of setsockopt (WSAENETRESET, here ETIMEDOUT:
// timed out while SO_KEEPALIVE is set; WSAENOTCONN: reset while it is set), SO_KEEPALIVE (WSAEINVAL: in a state between
// two others) and recv (WSAECONNABORTED, WSAETIMEDOUT, WSAECONNRESET). The values of a profile were tried on a scratch
// socket before, so EINVAL does not mean that they are bad.
const windows: Platform = {
  limits: limits(int32Seconds, 255, int32Max),
  longestVerdict: int32Seconds * second,
  tcpInfo: true,
  lastHeard: false,
  listenerInheritance: false,
  deadConnectionErrors: ['ENOTCONN', 'ETIMEDOUT', 'ECONNRESET', 'ECONNABORTED', 'EINVAL'],
  userTimeoutUnit: 1,
  userTimeoutEndsProbing: false,
  countHoldsSilence: false,
  bounds: windowsBounds,
};

// Nothing can be applied there; profiles can still be defined.
const unsupported: Platform = {
  limits: limits(32_767, 127, null),
  longestVerdict: Infinity,
  tcpInfo: false,
  lastHeard: false,
  listenerInheritance: false,
  deadConnectionErrors: [],
  userTimeoutUnit: 1,
  userTimeoutEndsProbing: false,
  countHoldsSilence: false,
  bounds: linuxBounds,
};

const byName: Partial<Record<NodeJS.Platform, Platform>> = { linux, android: linux, darwin, win32: windows };

/** The table's row for a `process.platform`. */
export function platformOf(name: NodeJS.Platform): Platform {
  return byName[name] ?? unsupported;
}

export const platform = platformOf(process.platform);

let askUserTimeout = (): boolean => platform.limits.userTimeout !== null;

/**
 * Whether this system has a user timeout: as the kernel answers or, where it cannot be asked, as its documentation
 * says.
 */
export function hasUserTimeout(): boolean {
  return askUserTimeout();
}

/** Called by the room that can ask the kernel; this one does not know it. */
export function answerHasUserTimeout(ask: () => boolean): void {
  askUserTimeout = ask;
}
