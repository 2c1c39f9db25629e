import { Alarm, type Work } from '../../util/alarm.js';
import { now, type Peer } from './peer.js';
import { Queue } from './queue.js';
import { Wheel } from './wheel.js';

/** Something to look at regularly, in short steps. */
export interface Look {
  /** Whether there is something to look at even while the schedule has no peers. */
  readonly evenAlone: boolean;
  begin(): void;
  /** Returns false when all was looked at. */
  step(): boolean;
}

export interface PingScheduleOptions<P> {
  /** Milliseconds. A peer that was not heard from for this long is pinged. */
  readonly interval: number;
  /** Milliseconds. How long after a ping a sign of life has to come; undefined: none has to. */
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
 * Gives each peer its turn in every interval, evenly spread. At its turn one that was heard from is put off and the ping that
 * this saves is counted; any other is pinged and, where there is a timeout, judged by what comes about within it.
 *
 * One timer for any number of peers. After a peer was removed, from wherever, nothing more is done with it. What a peer's
 * target throws ends neither the process nor the round.
 */
export class PingSchedule<Target, P extends Peer<Target>> {
  readonly counts = { pingsSent: 0, pingsSaved: 0, pingsWithheld: 0 };
  readonly #options: PingScheduleOptions<P>;
  readonly #peers = new Map<Target, P>();
  readonly #wheel: Wheel<P>;
  /** Those that owe a sign of life, by their deadlines. */
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

  /** `expected`: how many peers there will be when those that come now have come. */
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
    // First of all, so that those who speak by themselves cost least.
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
    peer.mark();
    this.#ask(peer, time);
  }

  /** Gives it a later turn if it was heard since it got this one. */
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

  /** Waits for a sign of life, with a ping if none is on its way. */
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

  /** Judges by what was read after the deadline, however long ago that passed. */
  #judgeNext(time: number, read: number): boolean {
    const peer = this.#waiting.first as P | undefined;
    if (peer === undefined || peer.deadline > read) return false;
    this.#waiting.remove(peer);
    let isSilent = true; // also where that cannot be found out: no event has told anything else
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
