import type { Socket } from 'node:net';
import type { Work } from '../util/alarm.js';
import { CLOSED, socketDescriptor } from '../socket/descriptor.js';
import { askLastHeard, longestBatch, unknown } from '../socket/last-heard-batch.js';
import { KeepaliveError } from '../util/errors.js';
import { none, type Calendar } from './calendar.js';
import type { LivenessTimes } from './options.js';
import type { SilenceClock } from './silence-clock.js';
import { Known, type WatchedSockets } from './watched-sockets.js';

/** Whom the rounds tell what they found. */
export interface RoundEvents {
  readonly silent: (socket: Socket, milliseconds: number) => void;
  readonly heard: (socket: Socket) => void;
  /** The socket is closed, and no 'close' event has told. */
  readonly closed: (socket: Socket) => void;
  /** A round has ended. */
  readonly ended: () => void;
}

/** What was found about one socket and is to be done about it: after a whole batch, as a listener can do anything. */
interface Finding {
  readonly socket: Socket;
  /** How long the peer had been silent. */
  readonly silence: number;
  readonly action: 'tell' | 'destroy';
}

/**
 * Looks at each socket when its peer could first be silent: `silentAfter` after it was last known to be heard. One that is
 * silent is looked at in every round, to see it heard again, and so is one of which nothing is known.
 *
 * A peer that is not silent costs at most two looks in each `silentAfter`, whatever it sends and when: the second look after
 * one at time t comes `silentAfter` after something that was heard, and that after t. No schedule needs fewer that
 * tells of a silence in time: when a look is due, nothing is known to have been heard for `silentAfter`.
 */
export class Rounds implements Work {
  readonly #sockets: WatchedSockets;
  readonly #calendar: Calendar;
  readonly #clock: SilenceClock;
  readonly #times: LivenessTimes;
  readonly #events: RoundEvents;
  readonly #findings: Finding[] = [];
  readonly #asked: Socket[] = [];
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

  /** At as many as can be asked about at once; false: none are due. */
  #look(): boolean {
    const asked = this.#asked;
    asked.length = 0;
    for (let place = none; asked.length < longestBatch && (place = this.#calendar.take()) !== none;) {
      asked.push(this.#sockets.at(place));
    }
    if (asked.length === 0) return false;
    const now = this.#clock.now();
    const answers = askLastHeard(asked);
    for (let i = 0; i < asked.length; i += 1) this.#judge(asked[i]!, answers[i]!, now);
    return true;
  }

  #judge(socket: Socket, heard: number, now: number): void {
    const place = this.#sockets.placeOf(socket)!;
    if (heard === unknown) {
      this.#calendar.put(place, now);
      // There is no 'close' of a socket that child.send() took, and of one whose listeners were all removed we do not hear.
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

  /** Unless a listener has changed it: a socket that was forgotten, or watched anew, is known to be silent no more. */
  #act({ socket, silence, action }: Finding): void {
    const place = this.#sockets.placeOf(socket);
    if (place === undefined) return;
    const silent = this.#sockets.is(place, Known.silent);
    if (action === 'destroy') {
      if (silent) socket.destroy(silenceError(silence, this.#times));
      return;
    }
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
