import { checked, probePeriod, type KeepaliveProfile } from './profile.js';

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
   * Of a phone's radio: one for each probe, whose answer falls into the same ten seconds or so that the radio then stays
   * at high power. Below such a period the radio never sleeps.
   */
  readonly wakeUpsPerDay: number;
}

const hour = 3_600_000;
const hoursInDay = 24;
const packetsInProbe = 2;
const tcpHeader = 20 + 12; // with the timestamps option, padded
const ipv4Packet = 20 + tcpHeader;
const ipv6Packet = 40 + tcpHeader;

/**
 * What a profile sends over an otherwise idle connection whose peer answers: a probe each `max(initialDelay, interval)`.
 *
 * Bytes are those of the IP packets: IP header and TCP header with the timestamps option, as two Linux or macOS hosts
 * agree on it (without it, as on Windows by default, 12 bytes less a packet; a probe may carry one byte more there).
 * The link layer's own are not counted.
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
