/**
 * A model of one TCP connection on Linux: its keepalive probes, retransmissions and window probes, and when it is given
 * up. It covers only what this package relies on. Fields have the kernel's names. Each method models a function of
 * Linux 6.1, which its comment names; 6.18 has the same rules. Times are in ticks unless stated otherwise.
 */
import {
  simulate,
  type Arrival,
  type ModelledConnection,
  type Outcome,
  type Packet,
  type Scenario,
  type SocketOption,
  type Verdict,
} from './kernel-model.js';
import { longestRetransmissionTimeout } from './kernel-timers.js';
import { Jiffies, type LinuxClock } from './linux-clock.js';

/** Runs a scenario on Linux. */
export function simulateLinux(scenario: Scenario, clock: LinuxClock): Outcome {
  return simulate(scenario, (send) => new LinuxConnection(new Jiffies(clock), scenario.retransmissionTimeout, send));
}

// Milliseconds, from include/net/tcp.h and net/ipv4/tcp_timer.c.
const shortestRetransmissionTimeout = 200; // TCP_RTO_MIN
const retriesTimeout = 924_600; // tcp_model_timeout of net.ipv4.tcp_retries2
const retries = 15; // net.ipv4.tcp_retries2
const fewestTicks = 2; // TCP_TIMEOUT_MIN
// net.ipv4.tcp_keepalive_time, _intvl and _probes.
const defaults = { time: 7_200_000, intvl: 75_000, probes: 9 };

class LinuxConnection implements ModelledConnection {
  verdict: Verdict | undefined;

  // The options.
  private keepopen = false;
  private keepaliveTime: number;
  private keepaliveIntvl: number;
  private keepaliveProbes = defaults.probes;
  private userTimeout = 0; // milliseconds

  // When an acknowledgement and when data were last received; probes sent since the acknowledgement.
  private rcvTstamp: number;
  private lrcvtime: number;
  private probesOut = 0;

  // What was written: sent and unacknowledged, or waiting for the peer's window.
  private packetsOut = false;
  private writeQueue = false;
  private windowOpen = true;
  private rto: number; // milliseconds
  private retransmits = 0;
  private retransStamp: number | undefined; // milliseconds
  private backoff = 0;
  private probesTstamp: number | undefined;

  private readonly keepaliveTimer;
  private readonly writeTimer;

  constructor(
    private readonly clock: Jiffies,
    private readonly measuredRto: number,
    private readonly transmit: (at: number, kind: Packet['kind']) => void,
  ) {
    this.rcvTstamp = this.lrcvtime = clock.jiffies;
    this.keepaliveTime = clock.ticks(defaults.time);
    this.keepaliveIntvl = clock.ticks(defaults.intvl);
    this.rto = measuredRto;
    this.keepaliveTimer = clock.addTimer(this.onKeepaliveTimer);
    this.writeTimer = clock.addTimer(this.onRetransmissionTimer);
  }

  get nextTimer(): number {
    return this.clock.nextTimer;
  }

  fireTimer(): void {
    this.clock.fireNextTimer();
  }

  // --- net/ipv4/tcp.c

  setOption(at: number, option: SocketOption, value: number): void {
    this.clock.passTo(at);
    if (option === 'enabled') this.setKeepalive(value !== 0);
    else if (option === 'initialDelay') this.setKeepidle(this.clock.ticks(value));
    else if (option === 'interval')
      this.keepaliveIntvl = this.clock.ticks(value); // a running timer is not changed
    else if (option === 'count') this.keepaliveProbes = value;
    else this.userTimeout = value; // a running timer is not changed here either
  }

  /** tcp_set_keepalive in tcp_timer.c: the whole delay from now on. Unanswered probes are not forgotten. */
  private setKeepalive(on: boolean): void {
    if (!on) this.keepaliveTimer.stop();
    else if (!this.keepopen) this.keepaliveTimer.set(this.keepaliveTime);
    this.keepopen = on;
  }

  /** tcp_sock_set_keepidle_locked: the rest of the delay since the last answer. */
  private setKeepidle(ticks: number): void {
    this.keepaliveTime = ticks;
    if (this.keepopen) this.keepaliveTimer.set(Math.max(0, ticks - this.keepaliveTimeElapsed()));
  }

  /** keepalive_time_elapsed in include/net/tcp.h. */
  private keepaliveTimeElapsed(): number {
    return this.clock.jiffies - Math.max(this.lrcvtime, this.rcvTstamp);
  }

  write(at: number): void {
    this.clock.passTo(at);
    if (this.packetsOut || this.writeQueue) return; // it waits behind earlier data
    if (this.windowOpen) this.sendData();
    else this.waitForWindow();
  }

  // --- net/ipv4/tcp_timer.c

  /** tcp_keepalive_timer. */
  private readonly onKeepaliveTimer = (): void => {
    const elapsed = this.keepaliveTimeElapsed();
    if (this.packetsOut || this.writeQueue) this.keepaliveTimer.set(this.keepaliveTime);
    else if (elapsed < this.keepaliveTime) this.keepaliveTimer.set(this.keepaliveTime - elapsed);
    else if (this.isSilentFor(elapsed)) this.giveUp(this.userTimeout === 0 ? 'count' : 'user timeout');
    else {
      this.send('probe');
      this.probesOut++;
      this.keepaliveTimer.set(this.keepaliveIntvl);
    }
  };

  /** The user timeout replaces the count: with it, one unanswered probe is enough. */
  private isSilentFor(elapsed: number): boolean {
    if (this.userTimeout === 0) return this.probesOut >= this.keepaliveProbes;
    return elapsed >= this.clock.ticks(this.userTimeout) && this.probesOut > 0;
  }

  /** tcp_retransmit_timer, and retrans_stamp from tcp_retransmit_skb: when the first retransmission was sent. */
  private readonly onRetransmissionTimer = (): void => {
    const now = this.clock.milliseconds;
    const start = this.retransStamp ?? now;
    // retransmits_timed_out
    if (this.retransmits > 0 && now - start >= (this.userTimeout || retriesTimeout)) {
      this.giveUp(this.userTimeout === 0 ? 'retransmissions' : 'user timeout');
      return;
    }
    this.retransmits++;
    this.send('retransmission');
    this.retransStamp = start;
    this.rto = Math.min(2 * this.rto, longestRetransmissionTimeout);
    this.writeTimer.set(this.clampToUserTimeout(now - start), this.onRetransmissionTimer);
  };

  /** tcp_clamp_rto_to_user_timeout. */
  private clampToUserTimeout(elapsed: number): number {
    const rto = this.clock.ticks(this.rto);
    if (this.userTimeout === 0) return rto;
    return elapsed >= this.userTimeout ? 1 : Math.min(rto, this.clock.ticks(this.userTimeout - elapsed));
  }

  /** tcp_probe_timer: answers do not reset the user timeout while the window stays closed. */
  private readonly onWindowTimer = (): void => {
    const { jiffies } = this.clock;
    this.probesTstamp ??= jiffies;
    const isTimedOut = this.userTimeout !== 0 && jiffies - this.probesTstamp >= this.clock.ticks(this.userTimeout);
    if (isTimedOut || this.probesOut >= retries) {
      this.giveUp(isTimedOut ? 'user timeout' : 'retransmissions');
      return;
    }
    this.send('window probe'); // tcp_send_probe0
    this.probesOut++;
    this.backoff = Math.min(this.backoff + 1, retries);
    this.setWindowTimer();
  };

  /** tcp_probe0_when, and tcp_clamp_probe0_to_user_timeout. */
  private setWindowTimer(): void {
    const when = this.clock.ticks(Math.min(this.rto * 2 ** this.backoff, longestRetransmissionTimeout));
    const end = (this.probesTstamp ?? Infinity) + (this.clock.ticks(this.userTimeout) || Infinity);
    const remaining = Math.max(fewestTicks, end - this.clock.jiffies);
    this.writeTimer.set(Math.min(when, remaining), this.onWindowTimer);
  }

  /** tcp_write_err. */
  private giveUp(by: Verdict['by']): void {
    this.verdict = { at: this.clock.milliseconds, by, inFlight: this.packetsOut || this.writeQueue };
  }

  // --- net/ipv4/tcp_output.c

  private send(kind: Packet['kind']): void {
    this.transmit(this.clock.milliseconds, kind);
  }

  /** tcp_schedule_loss_probe: after two round trips and TCP_RTO_MIN, or a retransmission timeout if that is sooner. */
  private sendData(): void {
    this.packetsOut = true;
    this.send('data');
    const roundTrip = Math.max(0, this.measuredRto - shortestRetransmissionTimeout);
    const probeAfter = Math.min(2 * roundTrip + shortestRetransmissionTimeout, this.rto);
    this.writeTimer.set(this.clock.ticks(probeAfter), () => {
      // tcp_send_loss_probe: leaves retrans_stamp alone, and starts the retransmission timeout anew (tcp_rearm_rto).
      this.send('retransmission');
      this.writeTimer.set(this.clock.ticks(this.rto), this.onRetransmissionTimer);
    });
  }

  /** tcp_check_probe_timer. */
  private waitForWindow(): void {
    this.writeQueue = true;
    this.setWindowTimer();
  }

  // --- net/ipv4/tcp_input.c

  receive(at: number, packet: Arrival): void {
    this.clock.passTo(at);
    if (packet === 'data') {
      this.lrcvtime = this.clock.jiffies; // tcp_rcv_established, fast path: no tcp_ack, so probes stay unanswered
      return;
    }
    if (packet === 'closed window' || packet === 'open window') this.windowOpen = packet === 'open window';
    this.acknowledge(typeof packet === 'object' && (packet.answers === 'data' || packet.answers === 'retransmission'));
  }

  /** tcp_ack. */
  private acknowledge(data: boolean): void {
    this.probesOut = 0;
    this.rcvTstamp = this.clock.jiffies;
    if (this.packetsOut && data) {
      this.packetsOut = false; // tcp_clean_rtx_queue
      this.retransmits = 0;
      this.retransStamp = undefined;
      this.rto = this.measuredRto; // tcp_set_rto, by the timestamps option
      this.writeTimer.stop();
    }
    if (!this.writeQueue) return;
    // tcp_ack_probe
    if (!this.windowOpen) this.setWindowTimer();
    else {
      this.writeQueue = false;
      this.backoff = 0;
      this.probesTstamp = undefined;
      this.sendData();
    }
  }
}
