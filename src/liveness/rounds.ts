import type { Socket } from 'node:net';
import type { Work } from '../util/alarm.js';
import { CLOSED, socketDescriptor } from '../socket/descriptor.js';
import { askLastHeard, longestBatch, unknown } from '../socket/last-heard-batch.js';
import { KeepaliveError } from '../util/errors.js';
import { none, type Calendar } from './calendar.js';
import type { LivenessTimes } from './options.js';
import type { SilenceClock } from './silence-clock.js';
import { Known, type WatchedSockets } from './watched-sockets.js';

/** Who is told what the rounds find. */
export interface RoundEvents {
  readonly silent: (socket: Socket, milliseconds: number) => void;
  readonly heard: (socket: Socket) => void;
  /** The socket is closed, but no 'close' event was seen. */
  readonly closed: (socket: Socket) => void;
  /** A round has ended. */
  readonly ended: () => void;
}

/** What was found about one socket. It is handled after the whole batch, because a listener can do anything. */
interface Finding {
  readonly socket: Socket;
  /** How long the peer had been silent. */
  readonly silence: number;
  readonly action: 'tell' | 'destroy';
}

/**
 * Looks at each socket when its peer could first be silent: `silentAfter` after it was last known to be heard. A silent
 * socket, or one of which nothing is known, is looked at in every round.
 *
 * A peer that is not silent costs at most two looks in each `silentAfter`, whatever it sends and when: the second look after
 * one at time t comes `silentAfter` after something that was heard later than t. No schedule that reports silence in time
 * needs fewer: when a look is due, the last thing known to be heard is `silentAfter` ago.
 */
export class Rounds implements Work {
  readonly #sockets: WatchedSockets;
  readonly #calendar: Calendar;
  readonly #clock: SilenceClock;
  readonly #times: LivenessTimes;
  readonly #events: RoundEvents;
  readonly #findings: Finding[] = [];
  readonly #asked: Socket[] = [];
  /** The places of the sockets that are asked about. They stay right: no other code runs before all are judged. */
  readonly #places = new Int32Array(longestBatch);
  #goesOn = false;

  constructor(
    sockets: WatchedSockets,
    calendar: Calendar,
    clock: SilenceClock,
    times: LivenessTimes,
    events: RoundEvents,
  ) {
    this.#sockets = sockets;
    this.#calendar = calendar;
    this.#clock = clock;
    this.#times = times;
    this.#events = events;
  }

  begin(): void {
    this.#goesOn = this.#calendar.open(this.#clock.now());
  }

  step(): boolean {
    const finding = this.#findings.shift();
    if (finding !== undefined) this.#act(finding);
    else if (!this.#look()) {
      if (this.#goesOn) this.#events.ended();
      this.#goesOn = false;
      return false;
    }
    return true;
  }

  next(now: number): number {
    return now + this.#calendar.nextOpening() - this.#clock.now();
  }

  /** Looks at as many sockets as the kernel is asked about at once. False: none are due. */
  #look(): boolean {
    const asked = this.#asked;
    asked.length = 0;
    for (let place = none; asked.length < longestBatch && (place = this.#calendar.take()) !== none;) {
      this.#places[asked.length] = place;
      asked.push(this.#sockets.at(place));
    }
    if (asked.length === 0) return false;
    const now = this.#clock.now();
    const answers = askLastHeard(asked);
    for (let i = 0; i < asked.length; i += 1) this.#judge(asked[i]!, this.#places[i]!, answers[i]!, now);
    return true;
  }

  #judge(socket: Socket, place: number, heard: number, now: number): void {
    if (heard === unknown) {
      this.#calendar.put(place, now);
      // A socket that child.send() took emits no 'close', and one whose listeners were all removed does not tell us.
      if (socketDescriptor(socket) === CLOSED) process.nextTick(this.#events.closed, socket);
      return;
    }
    const { silentAfter, destroyAfter } = this.#times;
    const silence = this.#clock.silence(heard);
    const silent = silence >= silentAfter;
    this.#calendar.put(place, silent ? now : now + silentAfter - silence);
    this.#sockets.mark(place, Known.answered, true);
    this.#sockets.mark(place, Known.silent, silent);
    if (silent !== this.#sockets.is(place, Known.toldSilent)) this.#findings.push({ socket, silence, action: 'tell' });
    if (silence >= destroyAfter) this.#findings.push({ socket, silence, action: 'destroy' });
  }

  /** Skips a socket that a listener has forgotten or watched again meanwhile: that is no longer known to be silent. */
  #act({ socket, silence, action }: Finding): void {
    const place = this.#sockets.placeOf(socket);
    if (place === undefined) return;
    const silent = this.#sockets.is(place, Known.silent);
    if (action === 'destroy') {
      if (silent) socket.destroy(silenceError(silence, this.#times));
      return;
    }
    /* v8 ignore next -- for a listener that has changed it */
    if (silent === this.#sockets.is(place, Known.toldSilent)) return;
    this.#sockets.mark(place, Known.toldSilent, silent);
    if (silent) this.#events.silent(socket, silence);
    else this.#events.heard(socket);
  }
}

function silenceError(silence: number, { destroyAfter }: LivenessTimes): KeepaliveError {
  return new KeepaliveError(
    'ERR_KEEPALIVE_SILENCE',
    `The peer was not heard from for ${silence} ms; destroyAfter is ${destroyAfter} ms`,
  );
}
