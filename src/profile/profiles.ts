import type { KeepaliveProfile } from './profile.js';

/** Checked by their test, and like any profile on first use; not while the package is loaded. */
function seconds(initialDelay: number, interval: number, count: number): Readonly<KeepaliveProfile> {
  return Object.freeze({ initialDelay: initialDelay * 1000, interval: interval * 1000, count, userTimeout: 'match' });
}

/** Named profiles, frozen. All have `userTimeout: 'match'`, so data in flight is given up when idle silence would be. */
export const profiles = Object.freeze({
  /**
   * 30 s, then 3 probes 5 s apart: a client that is gone is known within 45 s. From a device push server that has to
   * tell within 45 s that a moving client is gone.
   */
  presence: seconds(30, 5, 3),

  /**
   * 5 min, then 3 probes 20 s apart: gone after 6 min. From a mail service whose event streams moved from 60 s pings,
   * with which tablets never slept, to 5 min, with clients that reconnect after 6 min of silence.
   */
  eventStream: seconds(300, 20, 3),

  /**
   * 550 s, then 3 probes 20 s apart: gone after 610 s. From a notification server where probes every 10 s kept phones'
   * radios awake and 550 s between wake-ups did not. Above the idle timeout of many NATs (see `mobileNat`).
   */
  lowPower: seconds(550, 20, 3),

  /**
   * 240 s, then 3 probes 20 s apart: gone after 5 min. Below what mobile carriers' NATs were measured to keep (270 s on
   * a French carrier in 2020; WhatsApp, Line and WeChat on Android settle at 285 s).
   */
  mobileNat: seconds(240, 20, 3),

  /**
   * 200 s, then 3 probes 10 s apart: gone after 230 s. Even the last probe comes before Azure Load Balancer and NAT
   * gateway (4 min, silent drop) or AWS NLB, NAT gateway and Network Firewall (350 s) forget the connection.
   */
  cloudLoadBalancer: seconds(200, 10, 3),

  /** 15 s, then 3 probes 5 s apart: gone after 30 s. For peers on mains power, where nothing sleeps in between. */
  dataCenter: seconds(15, 5, 3),
});
