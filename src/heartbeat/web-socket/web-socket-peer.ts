import { Peer, never, now, type Condition, type Verdict } from '../schedule/peer.js';
import { TrafficPosition, kernelSilence } from '../schedule/traffic-position.js';
import { isDeaf, isOpen, socketOf, type HeartbeatClient } from './web-socket-client.js';

/** The acknowledgement that comes with an answer, or up to 40 ms after it (Linux, TCP_DELACK_MIN), tells nothing new. */
const acknowledgedWithin = 50;

/** What clients of one heartbeat have in common. */
export interface WebSocketRules<C extends HeartbeatClient> {
  readonly clients: ReadonlySet<C>;
  readonly trustKernel: boolean;
  onClose(peer: WebSocketPeer<C>): void;
}

/** One client. */
export class WebSocketPeer<C extends HeartbeatClient> extends Peer<C> {
  readonly #rules: WebSocketRules<C>;
  /** Where its traffic was when its deadline was set. */
  readonly #position = new TrafficPosition();
  #answeredAt = never;
  readonly #onClose: () => void;

  constructor(client: C, rules: WebSocketRules<C>) {
    super(client);
    this.#rules = rules;
    this.#onClose = () => {
      rules.onClose(this);
    };
    client.on('message', this.#onFrame);
    client.on('ping', this.#onFrame);
    client.on('pong', this.#onPong);
    client.on('close', this.#onClose);
  }

  override condition(): Condition {
    if (!this.#rules.clients.has(this.target)) return 'gone';
    return isOpen(this.target) ? 'open' : 'resting';
  }

  /** Hears what its kernel said. */
  override listen(): void {
    if (!this.#rules.trustKernel) return;
    const when = now() - kernelSilence(socketOf(this.target));
    if (when > this.#answeredAt + acknowledgedWithin) this.hear(when);
  }

  override isHeldUp(): boolean {
    return this.target.bufferedAmount > 0;
  }

  override sendPing(): void {
    this.target.ping();
  }

  override mark(): void {
    this.#position.take(socketOf(this.target), this.target.bufferedAmount);
  }

  override verdict(): Verdict {
    const progress = this.#position.advance(socketOf(this.target), this.target.bufferedAmount);
    if (progress === 'received') return 'heard';
    return progress === 'moved' || isDeaf(this.target) ? 'excused' : 'silent';
  }

  override release(): void {
    this.target.off('message', this.#onFrame);
    this.target.off('ping', this.#onFrame);
    this.target.off('pong', this.#onPong);
    this.target.off('close', this.#onClose);
  }

  readonly #onFrame = (): void => {
    this.hear(now());
  };

  readonly #onPong = (): void => {
    this.#answeredAt = now();
    this.hearAnswer();
  };
}
