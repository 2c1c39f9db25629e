import type { Socket } from 'node:net';
import { askLastHeard, longestBatch, unknown } from '../socket/last-heard-batch.js';
import type { DisconnectReason } from './disconnect-reason.js';
import { Histogram } from './histogram.js';
import type { SilenceClock } from './silence-clock.js';
import type { WatchedSockets } from './watched-sockets.js';

/** What a {@link LivenessMonitor} knows now, for a metrics endpoint. JSON-safe. */
export interface LivenessSnapshot {
  /** Sockets that are watched. */
  readonly connections: number;
  /** Watched sockets whose peer is silent. */
  readonly silent: number;
  /** Watched sockets of which nothing is known: not looked at or not connected yet, or the OS does not tell. */
  readonly unknown: number;
  /** Sockets that closed while they were watched, since the monitor was made. */
  readonly gone: Readonly<Record<DisconnectReason, number>>;
  /**
   * All but the unknown ones, by milliseconds since their peer was last heard: `counts[i]` of them are above
   * `bounds[i - 1]` and at most `bounds[i]`; the last count is of those above the last bound.
   *
   * The kernel was asked at most one `checkEvery` ago, about `sampled` sockets: all of them, if no more than 192 are
   * watched. Otherwise 192 are picked at random and `counts` are extrapolated; in 19 of 20 snapshots a share is at most 7
   * percentage points off.
   */
  readonly lastHeard: {
    readonly bounds: readonly number[];
    readonly counts: readonly number[];
    readonly sampled: number;
  };
}

/** Sockets in a sample: the kernel answers for this many in less than half a millisecond. */
const mostSampled = 3 * longestBatch;

/** Takes the snapshots of a monitor. Each costs the same for any number of sockets. */
export class Snapshots {
  readonly gone = { closed: 0, 'timed-out': 0, unreachable: 0, reset: 0, other: 0 };
  readonly #sockets: WatchedSockets;
  readonly #clock: SilenceClock;
  readonly #freshFor: number;
  #ages = new Histogram();
  #askedAt = -Infinity;

  constructor(sockets: WatchedSockets, clock: SilenceClock, freshFor: number) {
    this.#sockets = sockets;
    this.#clock = clock;
    this.#freshFor = freshFor;
  }

  take(): LivenessSnapshot {
    const { size, silent, answered } = this.#sockets;
    if (answered > 0) this.#refresh();
    const ages = this.#ages;
    return {
      connections: size,
      silent,
      unknown: size - answered,
      gone: { ...this.gone },
      lastHeard: { bounds: ages.bounds, counts: ages.scaledTo(answered), sampled: ages.total },
    };
  }

  /**
   * Rounds look at a socket only when it could be silent, so they do not know when it was last heard. The kernel is asked
   * here, at most once in each `checkEvery`.
   */
  #refresh(): void {
    const now = this.#clock.now();
    if (now < this.#askedAt + this.#freshFor) return;
    this.#askedAt = now;
    this.#ages = new Histogram();
    const sampled = Math.min(this.#sockets.size, mostSampled);
    for (let first = 0; first < sampled; first += longestBatch) {
      const batch = this.#pick(first, Math.min(first + longestBatch, sampled), sampled);
      const answers = askLastHeard(batch);
      for (let i = 0; i < batch.length; i += 1) {
        if (answers[i] !== unknown) this.#ages.add(this.#clock.silence(answers[i]!));
      }
    }
  }

  /**
   * Divides the sockets into equal parts and takes one of each. Neighbors often connected together and are probed together,
   * so this is a better sample than the same number of all.
   */
  #pick(first: number, end: number, parts: number): Socket[] {
    const picked: Socket[] = [];
    for (let part = first; part < end; part += 1) {
      picked.push(this.#sockets.at(Math.floor(((part + Math.random()) * this.#sockets.size) / parts)));
    }
    return picked;
  }
}
