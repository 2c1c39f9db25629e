import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { unproxied } from '../../util/unproxied.js';
import { now, type Condition } from '../schedule/peer.js';
import { SocketPeer } from '../schedule/socket-peer.js';
import { Received, waitingInProcess } from '../schedule/traffic-position.js';
import { streamCounter } from './http2-session.js';

/** Bytes of a PING frame, and so of its answer (RFC 9113, 4.1 and 6.7). */
const frameSize = 17;

/** What sessions of one heartbeat have in common. */
export interface Http2Rules {
  readonly trustKernel: boolean;
  readonly onlyWithStreams: boolean;
  readonly onClose: (peer: Http2Peer) => void;
}

/** One session. No event tells of everything that it receives, so the byte count of its socket is read. */
export class Http2Peer extends SocketPeer<Http2Session> {
  readonly #socket: Socket;
  readonly #streams: (() => number) | undefined;
  readonly #received = new Received();
  readonly #onClose: () => void;
  #lookedAt = this.since;
  #isPingOut = false;

  constructor(session: Http2Session, { trustKernel, onlyWithStreams, onClose }: Http2Rules) {
    super(session, trustKernel);
    this.#streams = onlyWithStreams ? streamCounter(session) : undefined;
    this.#socket = unproxied(session.socket);
    this.#received.growth(this.#socket);
    this.#onClose = () => {
      onClose(this);
    };
    session.on('close', this.#onClose);
  }

  override condition(): Condition {
    if (this.target.destroyed || this.target.closed) return 'gone';
    return this.target.connecting || this.#streams?.() === 0 ? 'resting' : 'open';
  }

  /** Takes what was received since the last look as received just after that look, so that no ping comes late. */
  look(): void {
    this.#note(0);
  }

  override listen(): void {
    this.look();
    super.listen();
  }

  /** A session allows ten unanswered pings by default, and the application may need them. */
  override isHeldUp(): boolean {
    return this.#isPingOut || super.isHeldUp();
  }

  override sendPing(): void {
    this.#isPingOut = this.target.ping(this.#onAnswer);
  }

  /** Where a write is stuck, Node ends the session only once its socket is closed. */
  end(error: Error): void {
    this.target.destroy(error);
    this.#socket.destroy();
  }

  override release(): void {
    this.target.off('close', this.#onClose);
  }

  protected override socket(): Socket {
    return this.#socket;
  }

  protected override buffered(): number {
    return waitingInProcess(this.#socket);
  }

  protected override isDeaf(): boolean {
    return false;
  }

  readonly #onAnswer = (error: Error | null): void => {
    this.#isPingOut = false;
    if (error !== null) return; // the session has ended
    this.#note(frameSize);
    this.hearAnswer();
  };

  /** `expected`: bytes of the answer to a ping, which do not put off the next one. */
  #note(expected: number): void {
    if (this.#received.growth(this.#socket) > expected) this.hear(this.#lookedAt + 1);
    this.#lookedAt = now();
  }
}
