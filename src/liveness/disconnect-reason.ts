/** Why a connection ended, as {@link disconnectReason} tells. */
export type DisconnectReason = 'closed' | 'timed-out' | 'unreachable' | 'reset' | 'other';

// Windows: the pages of recv, send and setsockopt; libuv src/win/error.c, uv_translate_sys_error, for what has a name.
const reasons = new Map<unknown, DisconnectReason>([
  ['ETIMEDOUT', 'timed-out'],
  ['ERR_KEEPALIVE_SILENCE', 'timed-out'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['EPIPE', 'reset'],
  ['ENOTCONN', 'reset'],
]);

/**
 * What a socket's error says about its peer, by one table for all systems.
 *
 * - 'closed': no error; both sides closed the connection, or this one did.
 * - 'timed-out': probes, or data, stayed unanswered (`ETIMEDOUT`), or nothing was heard for as long as a monitor's
 *   `destroyAfter` or a watchdog's `timeout` (`ERR_KEEPALIVE_SILENCE`): the peer vanished. Windows' error for a connection
 *   that keepalive has ended, WSAENETRESET, has no name in Node: there `UNKNOWN` from a read or a write is this.
 * - 'unreachable': the network said that there is no way to it (`EHOSTUNREACH`, `ENETUNREACH`, `EHOSTDOWN`, `ENETDOWN`).
 *   Linux reports a peer that vanished with data in flight like this when an ICMP message came meanwhile.
 * - 'reset': a RST came (`ECONNRESET`, `ECONNABORTED`, `EPIPE`): the peer restarted or its program ended, or a NAT or
 *   proxy in the path sent it. Windows also says `ECONNABORTED` for some time-outs, and `ENOTCONN` for a reset while
 *   keepalive is on.
 * - 'other': says nothing about a connection that was there, for example `ECONNREFUSED` or an error of TLS.
 *
 * @example
 * ```ts
 * socket.on('error', (error) => {
 *   const reason: DisconnectReason = disconnectReason(error); // 'timed-out': the peer has vanished
 * });
 * ```
 */
export function disconnectReason(error?: unknown): DisconnectReason {
  if (error === undefined || error === null) return 'closed';
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (code === 'UNKNOWN' && (syscall === 'read' || syscall === 'write')) return 'timed-out';
  return reasons.get(code) ?? 'other';
}
