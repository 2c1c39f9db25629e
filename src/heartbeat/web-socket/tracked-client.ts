import { never, now } from '../schedule/milliseconds.js';
import type { Queue, Queued } from '../schedule/queue.js';
import { TrafficPosition, kernelSilence } from './traffic-position.js';
import { socketOf, type HeartbeatClient } from './web-socket-client.js';
import { Seat } from '../schedule/wheel.js';

/** The acknowledgement that comes with an answer, or up to 40 ms after it (Linux, TCP_DELACK_MIN), is no news. */
const acknowledgedWithin = 50;

/** What a heartbeat knows of one client. Times are in whole milliseconds of `performance.now()`. */
export class Tracked<C extends HeartbeatClient> extends Seat implements Queued<Tracked<C>> {
  queue: Queue<Tracked<C>> | undefined;
  earlier: Tracked<C> | undefined;
  later: Tracked<C> | undefined;
  /** When it was last heard from; for the answer to a ping, when that was sent. */
  heardAt = never;
  pingedAt = never;
  /** The latest of both when it was given its turn: what was heard after that puts the turn off. */
  seatedFor = never;
  owesPong = false;
  /** Where its traffic was when its deadline was set. */
  readonly position = new TrafficPosition();
  deadline = 0;
  #answeredAt = never;
  #countedAt: number;

  constructor(
    readonly client: C,
    readonly since: number,
    leave: (entry: Tracked<C>) => void,
  ) {
    super();
    this.#countedAt = since;
    this.#onClose = () => {
      leave(this);
    };
    client.on('message', this.#onFrame);
    client.on('ping', this.#onFrame);
    client.on('pong', this.#onPong);
    client.on('close', this.#onClose);
  }

  ping(time: number): void {
    this.pingedAt = time;
    this.#countedAt = time;
    this.owesPong = true;
    this.client.ping();
  }

  hear(when: number): void {
    this.heardAt = Math.max(this.heardAt, when);
    this.queue?.remove(this);
  }

  /** Hears what its kernel said. */
  hearKernel(time: number): void {
    const when = time - kernelSilence(socketOf(this.client));
    if (when > this.#answeredAt + acknowledgedWithin) this.hear(when);
  }

  /** How many pings a loop would have sent since one was sent or counted here. */
  periodsSinceCounted(time: number, interval: number): number {
    const periods = Math.floor((time - this.#countedAt) / interval);
    this.#countedAt += periods * interval;
    return periods;
  }

  release(): void {
    this.client.off('message', this.#onFrame);
    this.client.off('ping', this.#onFrame);
    this.client.off('pong', this.#onPong);
    this.client.off('close', this.#onClose);
  }

  readonly #onFrame = (): void => {
    this.hear(now());
  };

  readonly #onPong = (): void => {
    this.#answeredAt = now();
    // The answer to a ping is no reason to leave out the next one.
    this.hear(this.owesPong ? this.pingedAt : this.#answeredAt);
    this.owesPong = false;
  };

  readonly #onClose: () => void;
}
