import { hasUserTimeout, platform, type KeepaliveLimits } from '../profile/platform.js';

/** What the running OS offers. */
export interface KeepaliveSupport {
  /** There is a user timeout: Linux and macOS yes; Windows as the running build answers, asked once on first use. */
  readonly userTimeout: boolean;
  /** The kernel tells about a connection's state: TCP_INFO, TCP_CONNECTION_INFO or SIO_TCP_INFO. */
  readonly tcpInfo: boolean;
  /** The kernel tells when a peer was last heard from: Linux. */
  readonly lastHeard: boolean;
  /**
   * Accepted sockets have the whole profile of their listener: Linux. macOS inherits all but the initial delay; Windows
   * counts as no until it was seen.
   */
  readonly listenerInheritance: boolean;
  /** What a profile may hold here. */
  readonly limits: KeepaliveLimits;
}

/**
 * What the running OS offers. Reading it never throws.
 *
 * @example
 * ```ts
 * const { limits }: KeepaliveSupport = keepaliveSupport;
 * const { count }: KeepaliveLimits = limits;
 * const { min, max }: KeepaliveRange = count; // 1 and 127 on Linux
 * ```
 */
export const keepaliveSupport: KeepaliveSupport = Object.freeze({
  get userTimeout() {
    return hasUserTimeout();
  },
  tcpInfo: platform.tcpInfo,
  lastHeard: platform.lastHeard,
  listenerInheritance: platform.listenerInheritance,
  limits: platform.limits,
});
