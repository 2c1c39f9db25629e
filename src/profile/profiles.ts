import { nameProfile, type KeepaliveProfile } from './profile.js';

function seconds(initialDelay: number, interval: number, count: number): Readonly<KeepaliveProfile> {
  return nameProfile({ initialDelay: initialDelay * 1000, interval: interval * 1000, count, userTimeout: 'match' });
}

/**
 * Named profiles, frozen. All have `userTimeout: 'match'`, so that a vanished peer is noticed in bounded time whether
 * or not data is in flight. docs/profiles.md compares them.
 *
 * The times in their comments are those of {@link detectionTime} on Linux: `idle`, and `atMost` for peers that are
 * written to.
 */
export const profiles = Object.freeze({
  /**
   * 30 s, then 3 probes 5 s apart: noticed within 48 s, or 97 s. For moving devices that must be known gone soon, on a
   * path whose idle timeout is above 33 s. Based on a device server that has to know within 45 s that a client is gone;
   * Linux's timers can be 3 s late.
   */
  presence: seconds(30, 5, 3),

  /**
   * 5 min, then 3 probes 20 s apart: noticed within 6 min 37 s, or 13 min 6 s. For server-sent events to tablets that
   * sleep, on a path whose idle timeout is above 333 s. Based on a mail service whose pings every 60 s kept tablets
   * awake. It now pings every 5 min, and its clients reconnect after 6 min of silence.
   */
  eventStream: seconds(300, 20, 3),

  /**
   * 550 s, then 3 probes 20 s apart: noticed within 10 min 55 s, or 21 min 43 s. For the fewest wake-ups of a radio, on
   * a path whose idle timeout is above 591 s. Where a path forgets earlier, quiet connections that are alive end as
   * 'timed-out' or 'reset' after some 11 minutes. Based on a notification server where probes every 10 s kept phones'
   * radios awake and probes every 550 s did not.
   */
  lowPower: seconds(550, 20, 3),

  /**
   * 240 s, then 3 probes 20 s apart: noticed within 5 min 23 s, or 10 min 40 s. For mobile carriers' NATs: the first
   * probe comes within 257 s. The NAT of a French carrier kept connections for 270 s (2020), but no number is safe: of
   * 73 carriers that Wang et al. measured (2011), 11 were below 10 minutes, 4 of them at or below 5.
   */
  mobileNat: seconds(240, 20, 3),

  /**
   * 200 s, then 3 probes 10 s apart: noticed within 4 min 8 s, or 8 min 21 s. For Azure Load Balancer and NAT gateway
   * (4 min) and AWS NLB, NAT gateway and Network Firewall (350 s), with these defaults: even the last probe comes within
   * 237 s. Not for application load balancers, which end TCP: see {@link paths}.
   */
  cloudLoadBalancer: seconds(200, 10, 3),

  /**
   * 15 s, then 3 probes 5 s apart: noticed within 33 s, or 67 s. For peers that never sleep, on a path whose idle
   * timeout is above 17 s.
   */
  dataCenter: seconds(15, 5, 3),
});
