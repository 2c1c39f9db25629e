/**
 * A model of one TCP connection on macOS: its keepalive probes, retransmissions and window probes, and when it is given
 * up. It covers only what this package relies on. Fields have the kernel's names. Each method models a function of
 * xnu-11417, bsd/netinet, which its comment names. The model follows the source and was never compared with a running
 * kernel. Times are milliseconds, as there (TCP_RETRANSHZ is 1000).
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
import { fastTimer, longestMacosRetransmission, slowTimer } from './macos-timers.js';

/**
 * Runs a scenario on macOS. `late` is called for each timer, and returns how late it is: 0 (not late) to 1 (as late as
 * possible).
 */
export function simulateMacos(scenario: Scenario, late: () => number): Outcome {
  return simulate(scenario, (send) => new MacosConnection(scenario.retransmissionTimeout, late, send));
}

// tcp_timer.h: TCPTV_KEEP_IDLE, TCPTV_KEEPINTVL, TCPTV_KEEPCNT.
const defaults = { keepidle: 7_200_000, keepintvl: 75_000, keepcnt: 8 };
const mostRetransmissions = 12; // TCP_MAXRXTSHIFT
const longestBackoff = 64; // tcp_timer.c, tcp_backoff
const persist = { shortest: 5_000, longest: 60_000 }; // TCPTV_PERSMIN, TCPTV_PERSMAX
const second = 1000;

class MacosConnection implements ModelledConnection {
  verdict: Verdict | undefined;

  private soKeepalive = false;
  private keepidle = 0;
  private keepintvl = defaults.keepintvl;
  private keepcnt = defaults.keepcnt;
  private rxtConndroptime = 0;

  private rcvtime = 0;
  private packetsOut = false;
  private writeQueue = false;
  private windowOpen = true;
  private rxtshift = 0;
  private rxtstart = 0;

  /** When they fire. */
  private keepTimer: number;
  private writeTimer = Infinity;

  constructor(
    private readonly rexmtval: number,
    private readonly late: () => number,
    private readonly transmit: (at: number, kind: Packet['kind']) => void,
  ) {
    this.keepTimer = this.slow(0, this.connKeepidle());
  }

  get nextTimer(): number {
    return Math.min(this.keepTimer, this.writeTimer);
  }

  fireTimer(): void {
    const { keepTimer, writeTimer } = this;
    if (keepTimer <= writeTimer) this.onKeepTimer(keepTimer);
    else if (this.packetsOut) this.onRetransmissionTimer(writeTimer);
    else this.onPersistTimer(writeTimer);
  }

  private slow(at: number, offset: number): number {
    return at + offset + slowTimer * this.late();
  }

  // --- tcp_usrreq.c, tcp_ctloutput

  setOption(at: number, option: SocketOption, value: number): void {
    if (option === 'enabled')
      this.soKeepalive = value !== 0; // no timer is set
    else if (option === 'interval') this.keepintvl = value;
    else if (option === 'count') this.keepcnt = value;
    else if (option === 'userTimeout') this.rxtConndroptime = Math.ceil(value / second) * second;
    else {
      this.keepidle = value;
      this.keepTimer = this.slow(at, this.connKeepidle()); // t_rcvtime stays
    }
  }

  /** tcp_timer.h, TCP_CONN_KEEPIDLE. */
  private connKeepidle(): number {
    return this.soKeepalive && this.keepidle > 0 ? this.keepidle : defaults.keepidle;
  }

  // --- tcp_timer.c, tcp_timers

  /** TCPT_KEEP: checked with data in flight too, and before a probe is sent. 32 unsigned bits, as TCP_CONN_MAXIDLE. */
  private onKeepTimer(now: number): void {
    if (!this.soKeepalive) {
      this.keepTimer = this.slow(now, this.connKeepidle());
      return;
    }
    if (now - this.rcvtime >= (this.connKeepidle() + this.keepcnt * this.keepintvl) % 2 ** 32) {
      this.giveUp(now, 'count');
      return;
    }
    this.transmit(now, 'probe'); // tcp_send_keep_alive
    this.keepTimer = this.slow(now, this.keepintvl);
  }

  /** TCPT_REXMT. */
  private onRetransmissionTimer(now: number): void {
    this.rxtshift++;
    const isTimedOut = this.rxtConndroptime > 0 && this.rxtstart > 0 && now - this.rxtstart >= this.rxtConndroptime;
    if (this.rxtshift > mostRetransmissions || isTimedOut) {
      this.giveUp(now, isTimedOut ? 'user timeout' : 'retransmissions');
      return;
    }
    if (this.rxtshift === 1) this.rxtstart = now;
    this.transmit(now, 'retransmission');
    this.setRetransmissionTimer(now);
  }

  private setRetransmissionTimer(now: number): void {
    const backoff = Math.min(2 ** this.rxtshift, longestBackoff);
    const rxtcur = Math.min(this.rexmtval * backoff, longestMacosRetransmission);
    this.writeTimer = now + rxtcur + fastTimer * this.late();
  }

  /** TCPT_PERSIST. The end after twelve probes is left out: it needs a peer that answers none of them for long. */
  private onPersistTimer(now: number): void {
    this.transmit(now, 'window probe');
    this.rxtshift = Math.min(this.rxtshift + 1, mostRetransmissions);
    this.setPersistTimer(now);
  }

  /** tcp_output.c, tcp_setpersist. */
  private setPersistTimer(now: number): void {
    const wait = this.rexmtval * 2 ** this.rxtshift;
    this.writeTimer = this.slow(now, Math.min(Math.max(wait, persist.shortest), persist.longest));
  }

  /** tcp_drop. */
  private giveUp(at: number, by: Verdict['by']): void {
    this.verdict = { at, by, inFlight: this.packetsOut || this.writeQueue };
  }

  // --- tcp_output.c and tcp_input.c

  write(at: number): void {
    if (this.packetsOut || this.writeQueue) return;
    this.rxtshift = 0;
    if (this.windowOpen) this.sendData(at);
    else {
      this.writeQueue = true;
      this.setPersistTimer(at);
    }
  }

  private sendData(at: number): void {
    this.packetsOut = true;
    this.transmit(at, 'data');
    this.setRetransmissionTimer(at);
  }

  /** tcp_input, "segment received on connection", and tcp_keepalive_reset. */
  receive(at: number, packet: Arrival): void {
    this.rcvtime = at;
    this.keepTimer = this.slow(at, this.connKeepidle());
    if (packet === 'closed window' || packet === 'open window') this.windowOpen = packet === 'open window';
    const acknowledges =
      typeof packet === 'object' && (packet.answers === 'data' || packet.answers === 'retransmission');
    if (this.packetsOut && acknowledges) {
      this.packetsOut = false;
      this.rxtshift = 0;
      this.rxtstart = 0;
      this.writeTimer = Infinity;
    }
    if (this.writeQueue && this.windowOpen) {
      this.writeQueue = false;
      this.rxtshift = 0;
      this.sendData(at);
    }
  }
}
