import { probePeriod } from './kernel-timers.js';
import { checked, type KeepaliveProfile } from './profile.js';

/** What keepalive costs an idle connection to a live peer. Rates, not rounded. */
export interface KeepaliveTraffic {
  readonly probesPerHour: number;
  /** Each probe and its answer. */
  readonly packetsPerHour: number;
  /** Both directions together, over IPv4: 52 bytes a packet. */
  readonly bytesPerHourIPv4: number;
  /** Both directions together, over IPv6: 72 bytes a packet. */
  readonly bytesPerHourIPv6: number;
  /**
   * Wake-ups of a phone's radio: one for each probe, because the answer falls into the time, set by the operator, for
   * which the radio then stays at high power. With a shorter period the radio never sleeps.
   */
  readonly wakeUpsPerDay: number;
}

const hour = 3_600_000;
const hoursInDay = 24;
const packetsInProbe = 2;
const tcpHeader = 20 + 12; // with the timestamps option and its padding
const ipv4Packet = 20 + tcpHeader;
const ipv6Packet = 40 + tcpHeader;

/**
 * What a profile sends over an idle connection whose peer answers: a probe in each `max(initialDelay, interval)`.
 *
 * Bytes are those of the IP packets, with the TCP timestamps that two Linux or macOS hosts agree on. Without
 * timestamps, as on Windows by default, a packet has 12 bytes less, and a probe may have one more. The link layer is
 * not counted.
 *
 * Throws as `defineProfile` does.
 *
 * @example
 * ```ts
 * const { wakeUpsPerDay }: KeepaliveTraffic = keepaliveTraffic(profiles.lowPower);
 * ```
 */
export function keepaliveTraffic(profile: KeepaliveProfile): KeepaliveTraffic {
  const probesPerHour = hour / probePeriod(checked(profile));
  const packetsPerHour = probesPerHour * packetsInProbe;
  return {
    probesPerHour,
    packetsPerHour,
    bytesPerHourIPv4: packetsPerHour * ipv4Packet,
    bytesPerHourIPv6: packetsPerHour * ipv6Packet,
    wakeUpsPerDay: probesPerHour * hoursInDay,
  };
}
