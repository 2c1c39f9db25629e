/**
 * The interface of a kernel's model: the life of one TCP connection, as far as keepalive and the silence of its peer
 * matter. Each model (`linux-model.ts`, `macos-model.ts`) takes a {@link Scenario} and returns an {@link Outcome}.
 */

/** What happens to a connection. Times in milliseconds since it was established. */
export interface Scenario {
  readonly events: readonly ScenarioEvent[];
  /** Milliseconds until the answer to a packet that is sent at this time; undefined: the packet or its answer is lost. */
  readonly answer: (sentAt: number) => number | undefined;
  /** The retransmission timeout that follows from the round trips of the path; at least 200 ms on Linux. */
  readonly retransmissionTimeout: number;
  /** When to stop. */
  readonly until: number;
}

/** This side sets an option or writes, or a packet arrives that the peer sends by itself. */
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
  /** When the peer was heard from. */
  readonly heard: readonly number[];
  /** How the kernel ended the connection. undefined: it did not. */
  readonly verdict: Verdict | undefined;
}

export interface Verdict {
  readonly at: number;
  readonly by: 'count' | 'user timeout' | 'retransmissions';
  /** Written data was unacknowledged, or waited for the peer's window. */
  readonly inFlight: boolean;
}

/** A connection of a model. {@link simulate} calls its methods in the order of their times. */
export interface ModelledConnection {
  /** When the next timer fires. */
  readonly nextTimer: number;
  readonly verdict: Verdict | undefined;
  fireTimer(): void;
  setOption(at: number, option: SocketOption, value: number): void;
  write(at: number): void;
  receive(at: number, packet: Arrival): void;
}

/** The kind of a packet that arrives: sent by the peer itself, or the answer to a packet of this side. */
export type Arrival = Extract<ScenarioEvent, { arrives: unknown }>['arrives'] | { readonly answers: Packet['kind'] };

/** Runs a scenario on a connection. The connection gets the function with which it sends packets. */
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
