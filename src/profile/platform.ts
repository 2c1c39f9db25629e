/** An inclusive range. */
export interface KeepaliveRange {
  readonly min: number;
  readonly max: number;
}

/** What one OS accepts. Times in milliseconds; `initialDelay` and `interval` are whole seconds within their range. */
export interface KeepaliveLimits {
  readonly initialDelay: KeepaliveRange;
  readonly interval: KeepaliveRange;
  readonly count: KeepaliveRange;
  /** null where the OS has no user timeout. 0 is the system's default; a profile of 1 to 999 is refused. */
  readonly userTimeout: KeepaliveRange | null;
}

/** How the operating systems differ, as far as JavaScript must know. The rest is in native/. */
export interface Platform {
  readonly limits: KeepaliveLimits;
  readonly tcpInfo: boolean;
  /** The kernel tells when the peer was last heard from. */
  readonly lastHeard: boolean;
  readonly listenerInheritance: boolean;
  /** What the kernel answers to a new setting once a connection is dead but not yet closed here. */
  readonly deadConnectionErrors: readonly string[];
  /** Milliseconds in the unit that the kernel keeps the user timeout in. */
  readonly userTimeoutUnit: number;
  /** A user timeout also decides, in place of the count, when unanswered probes end an idle connection. */
  readonly userTimeoutEndsProbing: boolean;
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
// net/ipv4/tcp_timer.c, tcp_keepalive_timer: the user timeout, if set, is asked and the count is not.
const linux: Platform = {
  limits: limits(32_767, 127, int32Max),
  tcpInfo: true,
  lastHeard: true,
  listenerInheritance: true,
  deadConnectionErrors: [],
  userTimeoutUnit: 1,
  userTimeoutEndsProbing: true,
};

// xnu bsd/netinet/tcp_usrreq.c: the times are kept in 32 bits of milliseconds, the count in an int. The initial delay is
// not inherited. The largest user timeout is the last that is still an int when rounded up to seconds.
const darwin: Platform = {
  limits: limits(4_294_967, int32Max, Math.floor(int32Max / second) * second),
  tcpInfo: true,
  lastHeard: false,
  listenerInheritance: false,
  deadConnectionErrors: ['EINVAL', 'ECONNRESET'], // bsd/kern/uipc_socket.c, sosetoptlock
  userTimeoutUnit: second,
  userTimeoutEndsProbing: false,
};

// Winsock's documentation gives a range for the count only; SIO_KEEPALIVE_VALS keeps 32 bits of milliseconds. Whether
// options are inherited is not documented.
const windows: Platform = {
  limits: limits(4_294_967, 255, int32Max),
  tcpInfo: true,
  lastHeard: false,
  listenerInheritance: false,
  deadConnectionErrors: ['ENOTCONN', 'ECONNRESET'], // WSAENETRESET too, see native/windows_error.h
  userTimeoutUnit: 1,
  userTimeoutEndsProbing: false,
};

// Nothing can be applied there; profiles can still be defined.
const unsupported: Platform = {
  limits: limits(32_767, 127, null),
  tcpInfo: false,
  lastHeard: false,
  listenerInheritance: false,
  deadConnectionErrors: [],
  userTimeoutUnit: 1,
  userTimeoutEndsProbing: false,
};

const byName: Partial<Record<NodeJS.Platform, Platform>> = { linux, android: linux, darwin, win32: windows };

/** The table's row for a `process.platform`. */
export function platformOf(name: NodeJS.Platform): Platform {
  return byName[name] ?? unsupported;
}

export const platform = platformOf(process.platform);

let askUserTimeout = (): boolean => platform.limits.userTimeout !== null;

/** Whether this system has a user timeout: as the kernel answers, or as its documentation says where nobody can ask it. */
export function hasUserTimeout(): boolean {
  return askUserTimeout();
}

/** For the room that asks the kernel: this one knows nothing of it. */
export function answerHasUserTimeout(ask: () => boolean): void {
  askUserTimeout = ask;
}
