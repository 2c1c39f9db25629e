/**
 * What a model of a kernel is asked and tells: the life of one TCP connection, as far as keepalive and its peer's silence
 * go. `linux-model.ts` is one; a model of another system takes the same {@link Scenario} and tells the same {@link Outcome}.
 */

/** What happens to a connection. Times in milliseconds since it was established. */
export interface Scenario {
  readonly events: readonly ScenarioEvent[];
  /** Milliseconds until the answer to a packet that is sent at this time; undefined: the packet or its answer is lost. */
  readonly answer: (sentAt: number) => number | undefined;
  /** The retransmission timeout that the path's round trips have led to; 200 ms at least on Linux. */
  readonly retransmissionTimeout: number;
  /** When to stop. */
  readonly until: number;
}

/** This side sets an option or writes; a packet arrives that the peer sends by itself. */
export type ScenarioEvent = { readonly at: number } & (
  | { readonly set: SocketOption; readonly to: number }
  | { readonly write: true }
  | { readonly arrives: 'acknowledgement' | 'data' | 'closed window' | 'open window' }
);

/** Milliseconds, except `enabled` (0 or 1) and `count`. */
export type SocketOption = 'enabled' | 'initialDelay' | 'interval' | 'count' | 'userTimeout';

export interface Packet {
  readonly at: number;
  readonly kind: 'probe' | 'data' | 'retransmission' | 'window probe';
  readonly answered: boolean;
}

export interface Outcome {
  readonly packets: readonly Packet[];
  /** When the peer was heard. */
  readonly heard: readonly number[];
  /** How the kernel ended the connection; undefined: it did not. */
  readonly verdict: Verdict | undefined;
}

export interface Verdict {
  readonly at: number;
  readonly by: 'count' | 'user timeout' | 'retransmissions';
  /** Written data was unacknowledged, or waited for the peer's window. */
  readonly inFlight: boolean;
}

/** One moment of the connection: the things that {@link simulate} lets happen in the order of their times. */
export interface ModelledConnection {
  /** When the next timer fires. */
  readonly nextTimer: number;
  readonly verdict: Verdict | undefined;
  fireTimer(): void;
  setOption(at: number, option: SocketOption, value: number): void;
  write(at: number): void;
  receive(at: number, packet: Arrival): void;
}

/** The kind of a packet that arrives: one that the peer sends by itself, or the answer to one of this side's. */
export type Arrival = Extract<ScenarioEvent, { arrives: unknown }>['arrives'] | { readonly answers: Packet['kind'] };

/** Lets a scenario happen to a connection, which gets the function that it is to send its packets with. */
export function simulate(
  scenario: Scenario,
  connect: (send: (at: number, kind: Packet['kind']) => void) => ModelledConnection,
): Outcome {
  const packets: Packet[] = [];
  const heard = [0];
  const events = [...scenario.events].sort((a, b) => a.at - b.at);
  const answers: { at: number; answers: Packet['kind'] }[] = [];
  const connection = connect((at, kind) => {
    const delay = scenario.answer(at);
    packets.push({ at, kind, answered: delay !== undefined });
    if (delay === undefined) return;
    answers.push({ at: at + delay, answers: kind });
    answers.sort((a, b) => a.at - b.at);
  });
  const receive = (at: number, packet: Arrival) => {
    heard.push(at);
    connection.receive(at, packet);
  };

  while (connection.verdict === undefined) {
    const event = events[0]?.at ?? Infinity;
    const answer = answers[0]?.at ?? Infinity;
    const next = Math.min(event, answer, connection.nextTimer);
    if (next > scenario.until) break;
    if (next === answer) receive(next, answers.shift()!);
    else if (next === event) {
      const happening = events.shift()!;
      if ('set' in happening) connection.setOption(next, happening.set, happening.to);
      else if ('write' in happening) connection.write(next);
      else receive(next, happening.arrives);
    } else connection.fireTimer();
  }
  return { packets, heard, verdict: connection.verdict };
}
