import { Alarm, type Work } from '../../util/alarm.js';
import { now, type Peer } from './peer.js';
import { Queue } from './queue.js';
import { Wheel } from './wheel.js';

/** Regular work in short steps, such as the search for new peers. */
export interface Look {
  /** Whether there is work even while the schedule has no peers. */
  readonly evenAlone: boolean;
  begin(): void;
  /** Returns false when all is done. */
  step(): boolean;
}

export interface PingScheduleOptions<P> {
  /** Milliseconds. A peer that was not heard from for this long is pinged. */
  readonly interval: number;
  /** Milliseconds. How long after a ping a sign of life must have come. undefined: none is expected. */
  readonly timeout?: number;
  /** Called with what a peer's target has thrown. */
  readonly onError: (error: unknown, peer: P) => void;
  /** Called for a peer that has not answered in time, after it was removed. */
  readonly onSilent?: (peer: P, silentFor: number) => void;
  readonly look?: Look;
}

/** How often a {@link Look} begins. */
const looksInInterval = 16;

/**
 * Gives each peer one turn in every interval, and spreads the turns evenly. At its turn, a peer that was heard from is
 * put off, and the saved ping is counted. Any other peer is pinged and, if there is a timeout, judged by what happens
 * within it.
 *
 * One timer serves any number of peers. After a peer is removed, by whatever code, nothing more is done with it. An
 * error that a target throws ends neither the process nor the round.
 */
export class PingSchedule<Target, P extends Peer<Target>> {
  readonly counts = { pingsSent: 0, pingsSaved: 0, pingsWithheld: 0 };
  readonly #options: PingScheduleOptions<P>;
  readonly #peers = new Map<Target, P>();
  readonly #wheel: Wheel<P>;
  /** Peers that owe a sign of life, by deadline. */
  readonly #waiting = new Queue<Peer>();
  readonly #alarm: Alarm;
  #nextLook = 0;

  constructor(options: PingScheduleOptions<P>) {
    this.#options = options;
    this.#wheel = new Wheel(options.interval, now());
    this.#alarm = new Alarm(this.#work);
    if (options.look?.evenAlone === true) this.#alarm.by(0);
  }

  get size(): number {
    return this.#peers.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get(target: Target): P | undefined {
    return this.#peers.get(target);
  }

  has(target: Target): boolean {
    return this.#peers.has(target);
  }

  peers(): IterableIterator<P> {
    return this.#peers.values();
  }

  /** `expected`: how many peers there will be once all that are being added now are added. */
  add(peer: P, expected?: number): void {
    peer.isMember = true;
    this.#peers.set(peer.target, peer);
    this.#wheel.turn(now());
    this.#alarm.by(this.#wheel.seat(peer, expected));
  }

  remove(peer: P): void {
    if (!peer.isMember) return;
    peer.isMember = false;
    this.#peers.delete(peer.target);
    this.#wheel.unseat(peer);
    this.#waiting.remove(peer);
    peer.release();
    if (this.size === 0 && this.#options.look?.evenAlone !== true) this.#alarm.stop();
  }

  stop(): void {
    this.#alarm.stop();
    for (const peer of this.#peers.values()) this.remove(peer);
  }

  readonly #work: Work = {
    begin: (time) => {
      const { look, interval } = this.#options;
      if (look !== undefined && time >= this.#nextLook) {
        this.#nextLook = time + interval / looksInInterval;
        look.begin();
      }
      this.#wheel.turn(time);
    },
    step: (time, read) => this.#options.look?.step() === true || this.#judgeNext(time, read) || this.#takeTurn(time),
    next: (time) => {
      const nextLook = this.#options.look === undefined ? Infinity : this.#nextLook;
      return Math.min(nextLook, this.#waiting.first?.deadline ?? Infinity, this.#wheel.next(time));
    },
  };

  #takeTurn(time: number): boolean {
    const peer = this.#wheel.take();
    if (peer === undefined) return false;
    // First, so that peers that send something by themselves cost least.
    if (this.#putOff(peer, time)) return true;
    try {
      this.#visit(peer, time);
    } catch (error) {
      this.#options.onError(error, peer);
    } finally {
      if (peer.isMember && peer.slot === -1) this.#seatBy(peer, time + this.#options.interval);
    }
    return true;
  }

  #visit(peer: P, time: number): void {
    const condition = peer.condition();
    if (condition === 'gone') this.remove(peer);
    if (condition !== 'open' || peer.queue !== undefined) return;
    peer.listen();
    if (this.#putOff(peer, time)) return;
    if (this.#wheel.postpone(peer, peer.seatedFor + this.#options.interval)) return;
    peer.mark();
    this.#ask(peer, time);
  }

  /** Gives the peer a later turn if it was heard from since this turn was set. */
  #putOff(peer: P, time: number): boolean {
    const { interval } = this.#options;
    const due = peer.heardAt + interval;
    if (!peer.wasHeardSinceSeated() || due <= time) return false;
    this.counts.pingsSaved += peer.periodsSinceCounted(time, interval);
    this.#seatBy(peer, due);
    return true;
  }

  #seatBy(peer: P, due: number): void {
    peer.noteSeated();
    this.#wheel.seatBy(peer, due);
  }

  /** Waits for a sign of life, and sends a ping unless it is held up. */
  #ask(peer: P, time: number): void {
    this.#awaitAnswer(peer, time);
    if (peer.isHeldUp()) {
      this.counts.pingsWithheld += 1;
    } else {
      this.counts.pingsSent += 1;
      peer.ping(time);
    }
  }

  #awaitAnswer(peer: P, time: number): void {
    const { timeout } = this.#options;
    if (timeout === undefined) return;
    peer.deadline = time + timeout;
    this.#waiting.add(peer);
  }

  /** Judges a peer only once the sockets were read after its deadline, however long ago that was. */
  #judgeNext(time: number, read: number): boolean {
    const peer = this.#waiting.first as P | undefined;
    if (peer === undefined || peer.deadline > read) return false;
    this.#waiting.remove(peer);
    let isSilent = true; // also if the check throws: no event has told of a sign of life
    try {
      isSilent = this.#isSilent(peer, time);
    } catch (error) {
      this.#options.onError(error, peer);
    }
    if (isSilent && peer.isMember) {
      this.remove(peer);
      this.#options.onSilent?.(peer, Math.round(time - Math.max(peer.since, peer.heardAt)));
    }
    return true;
  }

  #isSilent(peer: P, time: number): boolean {
    const condition = peer.condition();
    if (condition === 'gone') this.remove(peer);
    if (condition !== 'open') return false;
    const verdict = peer.verdict();
    if (verdict === 'heard') peer.hear(time);
    else if (verdict === 'excused' && peer.owesAnswer) this.#awaitAnswer(peer, time);
    else if (verdict === 'excused') this.#ask(peer, time);
    return verdict === 'silent';
  }
}
