import type { Socket } from 'node:net';
import { Peer, never, now, type Verdict } from './peer.js';
import { TrafficPosition, kernelSilence } from './traffic-position.js';

/**
 * Milliseconds. An acknowledgement this soon after an answer belongs to it (Linux: up to 40 ms later, TCP_DELACK_MIN),
 * and is not another sign of life.
 */
const acknowledgedWithin = 50;

/** A target over TCP that is pinged, and judged by its answers, by what was received and by the data that it takes. */
export abstract class SocketPeer<Target> extends Peer<Target> {
  /** The state of its traffic when its deadline was set. */
  readonly #position = new TrafficPosition();
  readonly #trustKernel: boolean;
  #answeredAt = never;

  constructor(target: Target, trustKernel: boolean) {
    super(target);
    this.#trustKernel = trustKernel;
  }

  protected abstract socket(): Socket | undefined;
  /** Bytes that wait in this process to be sent. */
  protected abstract buffered(): number;
  /** Whether this side does not read, so that an answer could not be seen. */
  protected abstract isDeaf(): boolean;

  /** Takes what the peer's kernel sent for a sign of life. */
  override listen(): void {
    if (!this.#trustKernel) return;
    const when = now() - kernelSilence(this.socket());
    if (when > this.#answeredAt + acknowledgedWithin) this.hear(when);
  }

  override isHeldUp(): boolean {
    return this.buffered() > 0;
  }

  override mark(): void {
    this.#position.notePing(this.socket());
    this.#position.advance(this.socket(), this.buffered());
  }

  override ping(time: number): void {
    this.#position.notePing(this.socket());
    super.ping(time);
  }

  override verdict(): Verdict {
    const progress = this.#position.advance(this.socket(), this.buffered());
    if (progress === 'received') return 'heard';
    return progress === 'moved' || this.isDeaf() ? 'excused' : 'silent';
  }

  override hearAnswer(): void {
    this.#answeredAt = now();
    super.hearAnswer();
  }
}
