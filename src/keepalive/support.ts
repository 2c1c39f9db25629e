import { hasUserTimeout, platform, type KeepaliveLimits } from '../profile/platform.js';
import { whyUnavailable } from '../addon/binding.js';
import type { KeepaliveError } from '../util/errors.js';

/** What the running OS offers, and whether this process can use it. */
export interface KeepaliveSupport {
  /**
   * The native addon was loaded. Without it, everything that does not need the kernel works: profiles, plans,
   * `detectionTime`, errors, heartbeats without `trustKernel`. The rest throws `ERR_KEEPALIVE_ADDON` when it is called.
   */
  readonly available: boolean;
  /** Why the native addon was not loaded: what was tried, and what to do. null if it was loaded. */
  readonly unavailable: KeepaliveError | null;
  /**
   * There is a user timeout: Linux and macOS yes; Windows as the running build answers, asked once on first use.
   * Without the addon: as the OS's documentation says.
   */
  readonly userTimeout: boolean;
  /** `readTcpInfo` works: the OS has TCP_INFO, TCP_CONNECTION_INFO or SIO_TCP_INFO. */
  readonly tcpInfo: boolean;
  /** The kernel tells when a peer was last heard from: Linux. */
  readonly lastHeard: boolean;
  /**
   * Accepted sockets inherit the whole profile of their listener: Linux. macOS inherits the interval
   * and the count, neither the initial delay nor the user timeout. Windows: not documented, so false.
   */
  readonly listenerInheritance: boolean;
  /** The values that a profile may have on this OS. */
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
