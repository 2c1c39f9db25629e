import { hasUserTimeout, platform, type KeepaliveLimits } from '../profile/platform.js';
import { whyUnavailable } from '../addon/binding.js';
import type { KeepaliveError } from '../util/errors.js';

/** What the running OS offers, and whether this process can use it. */
export interface KeepaliveSupport {
  /**
   * The native addon was loaded. Without it everything works that needs no kernel: profiles, plans, `detectionTime`,
   * errors, heartbeats without `trustKernel`. What needs the kernel throws `ERR_KEEPALIVE_ADDON` when it is called.
   */
  readonly available: boolean;
  /** Why the native addon was not loaded: what was tried, and what to do. null: it was. */
  readonly unavailable: KeepaliveError | null;
  /**
   * There is a user timeout: Linux and macOS yes; Windows as the running build answers, asked once on first use. Without
   * the addon: what the OS's documentation says.
   */
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
 * What the running OS offers, and whether this process can use it. Reading it never throws.
 *
 * @example
 * ```ts
 * const { limits }: KeepaliveSupport = keepaliveSupport;
 * const { count }: KeepaliveLimits = limits;
 * const { min, max }: KeepaliveRange = count; // 1 and 127 on Linux
 * if (!keepaliveSupport.available) console.warn(keepaliveSupport.unavailable?.message);
 * ```
 */
export const keepaliveSupport: KeepaliveSupport = Object.freeze({
  available: whyUnavailable === null,
  unavailable: whyUnavailable,
  get userTimeout() {
    return hasUserTimeout();
  },
  tcpInfo: platform.tcpInfo,
  lastHeard: platform.lastHeard,
  listenerInheritance: platform.listenerInheritance,
  limits: platform.limits,
});
