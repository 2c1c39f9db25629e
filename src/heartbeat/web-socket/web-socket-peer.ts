import type { Socket } from 'node:net';
import { now, type Condition } from '../schedule/peer.js';
import { SocketPeer } from '../schedule/socket-peer.js';
import { isDeaf, isOpen, socketOf, type HeartbeatClient } from './web-socket-client.js';

/** What clients of one heartbeat have in common. */
export interface WebSocketRules<C extends HeartbeatClient> {
  readonly clients: ReadonlySet<C>;
  readonly trustKernel: boolean;
  onClose(peer: WebSocketPeer<C>): void;
}

/** One client. */
export class WebSocketPeer<C extends HeartbeatClient> extends SocketPeer<C> {
  readonly #rules: WebSocketRules<C>;
  readonly #onClose: () => void;

  constructor(client: C, rules: WebSocketRules<C>) {
    super(client, rules.trustKernel);
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

  override sendPing(): void {
    this.target.ping();
  }

  protected override socket(): Socket | undefined {
    return socketOf(this.target);
  }

  protected override buffered(): number {
    return this.target.bufferedAmount;
  }

  protected override isDeaf(): boolean {
    return isDeaf(this.target);
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
    this.hearAnswer();
  };
}
