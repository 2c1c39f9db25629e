import type { Socket } from 'node:net';
import type { Calendar } from './calendar.js';

/** What is known of a socket: flags. */
export const Known = {
  /** The kernel has answered. */
  answered: 1,
  silent: 2,
  /** The listeners were told that it is silent. */
  toldSilent: 4,
} as const;
type Flag = (typeof Known)[keyof typeof Known];

const fewest = 64;

/**
 * The sockets of a monitor. Each has a place, a number below their count, which changes when another is removed.
 *
 * What is kept for a place lies in typed arrays, here and in the calendar: a million objects would take more memory than
 * their contents, and the garbage collector would visit each.
 */
export class WatchedSockets {
  readonly #calendar: Calendar;
  readonly #places = new Map<Socket, number>();
  readonly #sockets: Socket[] = [];
  #flags = new Uint8Array(0);
  #answered = 0;
  #silent = 0;
  /** Events show the proxy that http2 hands out as a socket. Both directions. */
  readonly #proxyOf = new Map<Socket, Socket>();
  readonly #socketOf = new Map<Socket, Socket>();

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  get size(): number {
    return this.#sockets.length;
  }

  /** How many have ever been answered for. */
  get answered(): number {
    return this.#answered;
  }

  get silent(): number {
    return this.#silent;
  }

  has(socket: Socket): boolean {
    return this.#places.has(socket);
  }

  placeOf(socket: Socket): number | undefined {
    return this.#places.get(socket);
  }

  at(place: number): Socket {
    return this.#sockets[place]!;
  }

  all(): IterableIterator<Socket> {
    return this.#places.keys();
  }

  /** What was given to `watch` for a socket. */
  shown(socket: Socket): Socket {
    return this.#proxyOf.get(socket) ?? socket;
  }

  /** The watched socket behind what http2 handed out, also when that has ended and shows it no more. */
  behind(proxy: Socket): Socket | undefined {
    return this.#socketOf.get(proxy);
  }

  /** Has it looked at in the next round. */
  add(socket: Socket, shown: Socket): void {
    const place = this.#sockets.push(socket) - 1;
    if (place === this.#flags.length) this.#resize(Math.max(fewest, 2 * place));
    this.#places.set(socket, place);
    this.#calendar.put(place, -Infinity);
    if (shown !== socket) {
      this.#proxyOf.set(socket, shown);
      this.#socketOf.set(shown, socket);
    }
  }

  /** False: it is not among them. */
  remove(socket: Socket): boolean {
    const place = this.#places.get(socket);
    if (place === undefined) return false;
    for (const flag of Object.values(Known)) this.mark(place, flag, false);
    this.#places.delete(socket);
    this.#calendar.remove(place);
    this.#fill(place);
    this.#socketOf.delete(this.shown(socket));
    this.#proxyOf.delete(socket);
    return true;
  }

  is(place: number, flag: Flag): boolean {
    return (this.#flags[place]! & flag) !== 0;
  }

  mark(place: number, flag: Flag, value: boolean): void {
    if (this.is(place, flag) === value) return;
    this.#flags[place]! ^= flag;
    const change = value ? 1 : -1;
    if (flag === Known.answered) this.#answered += change;
    if (flag === Known.silent) this.#silent += change;
  }

  /** With the last one, so that there are no gaps. */
  #fill(place: number): void {
    const socket = this.#sockets.pop()!;
    const last = this.#sockets.length;
    if (place !== last) {
      this.#sockets[place] = socket;
      this.#places.set(socket, place);
      this.#flags[place] = this.#flags[last]!;
      this.#flags[last] = 0;
      this.#calendar.move(last, place);
    }
    if (last >= fewest && last < this.#flags.length / 4) this.#resize(this.#flags.length / 2);
  }

  #resize(places: number): void {
    const flags = new Uint8Array(places);
    flags.set(this.#flags.subarray(0, places));
    this.#flags = flags;
    this.#calendar.resize(places);
  }
}
