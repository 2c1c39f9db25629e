/**
 * A model of one TCP connection on Windows, by its documentation: its keepalive probes and retransmissions, and when it
 * is given up. The source is not public, the documentation does not say how late a timer is, and nothing was run:
 * timers are exact here. Sources: learn.microsoft.com, "SO_KEEPALIVE socket option" and "IPPROTO_TCP socket options"
 * (TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_MAXRT); RFC 9293 and RFC 6298 for the rest. Times are milliseconds.
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

/** Runs a scenario on Windows. */
export function simulateWindows(scenario: Scenario): Outcome {
  return simulate(scenario, (send) => new WindowsConnection(scenario.retransmissionTimeout, send));
}

const mostRetransmissions = 5; // TcpMaxDataRetransmissions

class WindowsConnection implements ModelledConnection {
  verdict: Verdict | undefined;

  // The defaults that the pages name.
  private readonly options = { enabled: 0, initialDelay: 7_200_000, interval: 1_000, count: 10, userTimeout: 0 };
  private unanswered = 0;
  private keepTimer = Infinity;

  private inFlightSince: number | undefined;
  private retransmissions = 0;
  private writeTimer = Infinity;

  constructor(
    private readonly retransmissionTimeout: number,
    private readonly transmit: (at: number, kind: Packet['kind']) => void,
  ) {}

  get nextTimer(): number {
    return Math.min(this.keepTimer, this.writeTimer);
  }

  fireTimer(): void {
    if (this.keepTimer <= this.writeTimer) this.onKeepTimer(this.keepTimer);
    else this.onRetransmissionTimer(this.writeTimer);
  }

  setOption(at: number, option: SocketOption, value: number): void {
    this.options[option] = value;
    const { enabled, initialDelay } = this.options;
    if (option === 'enabled' || option === 'initialDelay')
      this.keepTimer = enabled === 0 ? Infinity : at + initialDelay;
  }

  /** TCP_KEEPCNT: "the number of TCP keep alive probes that will be sent before the connection is terminated". */
  private onKeepTimer(now: number): void {
    const { initialDelay, interval, count } = this.options;
    if (this.inFlightSince !== undefined) this.keepTimer = now + initialDelay;
    else if (this.unanswered >= count) this.giveUp(now, 'count');
    else {
      this.transmit(now, 'probe');
      this.unanswered++;
      this.keepTimer = now + interval;
    }
  }

  write(at: number): void {
    if (this.inFlightSince !== undefined) return;
    this.inFlightSince = at;
    this.retransmissions = 0;
    this.transmit(at, 'data');
    this.setWriteTimer(at, at);
  }

  private onRetransmissionTimer(now: number): void {
    const since = this.inFlightSince ?? now;
    const { userTimeout } = this.options;
    const isTimedOut = userTimeout > 0 && now >= since + userTimeout;
    if (isTimedOut || (userTimeout === 0 && this.retransmissions >= mostRetransmissions)) {
      this.giveUp(now, isTimedOut ? 'user timeout' : 'retransmissions');
      return;
    }
    this.retransmissions++;
    this.transmit(now, 'retransmission');
    this.setWriteTimer(now, since);
  }

  /** TCP_MAXRT replaces the number of retransmissions. */
  private setWriteTimer(now: number, since: number): void {
    const next = now + this.retransmissionTimeout * 2 ** this.retransmissions;
    const { userTimeout } = this.options;
    this.writeTimer = userTimeout > 0 ? Math.min(next, since + userTimeout) : next;
  }

  private giveUp(at: number, by: Verdict['by']): void {
    this.verdict = { at, by, inFlight: this.inFlightSince !== undefined };
  }

  receive(at: number, packet: Arrival): void {
    this.unanswered = 0;
    if (this.options.enabled !== 0) this.keepTimer = at + this.options.initialDelay;
    const acknowledges = typeof packet === 'object' && ['data', 'retransmission'].includes(packet.answers);
    if (!acknowledges) return;
    this.inFlightSince = undefined;
    this.writeTimer = Infinity;
  }
}
