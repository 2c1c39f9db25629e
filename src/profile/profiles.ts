import { defineProfile, type KeepaliveProfile } from './profile.js';

function seconds(initialDelay: number, interval: number, count: number): Readonly<KeepaliveProfile> {
  return defineProfile({ initialDelay: initialDelay * 1000, interval: interval * 1000, count, userTimeout: 'match' });
}

/**
 * Named profiles, frozen. All have `userTimeout: 'match'`, so that a vanished peer is noticed in about the same time whether
 * or not data is in flight.
 *
 * The times in their comments are {@link detectionTime}'s on Linux: `idle`, and `atMost` for peers that are written to.
 */
export const profiles = Object.freeze({
  /**
   * 30 s, then 3 probes 5 s apart: noticed within 48 s, or 97 s. From a device push server that has to know within 45 s
   * that a moving client is gone; Linux's timers can be 3 s late. For a path whose idle timeout is above 33 s.
   */
  presence: seconds(30, 5, 3),

  /**
   * 5 min, then 3 probes 20 s apart: noticed within 6 min 37 s, or 13 min 6 s. From a mail service whose event streams moved
   * from 60 s pings, with which tablets never slept, to 5 min, with clients that reconnect after 6 min of silence. For a path
   * whose idle timeout is above 333 s: Linux may send the first probe that late.
   */
  eventStream: seconds(300, 20, 3),

  /**
   * 550 s, then 3 probes 20 s apart: noticed within 10 min 55 s, or 21 min 43 s. From a notification server where probes
   * every 10 s kept phones' radios awake and 550 s between wake-ups did not. For a path whose idle timeout is above 591 s,
   * which that of many NATs is not (see `mobileNat`).
   */
  lowPower: seconds(550, 20, 3),

  /**
   * 240 s, then 3 probes 20 s apart: noticed within 5 min 23 s, or 10 min 40 s. For mobile carriers' NATs, which were measured
   * to keep a mapping for 270 s (a French carrier in 2020) or more (WhatsApp, Line and WeChat on Android settle at 285 s):
   * Linux sends the first probe within 257 s.
   */
  mobileNat: seconds(240, 20, 3),

  /**
   * 200 s, then 3 probes 10 s apart: noticed within 4 min 8 s, or 8 min 21 s. For Azure Load Balancer and NAT gateway (4 min,
   * silent drop) and AWS NLB, NAT gateway and Network Firewall (350 s): even the last probe comes within 237 s, before they
   * forget the connection.
   */
  cloudLoadBalancer: seconds(200, 10, 3),

  /**
   * 15 s, then 3 probes 5 s apart: noticed within 33 s, or 67 s. For peers on mains power, where nothing sleeps in between, on a path
   * whose idle timeout is above 17 s.
   */
  dataCenter: seconds(15, 5, 3),
});
