// Each class of `tcp-keepalive/heartbeat` with all its methods.
import fc from 'fast-check';
import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Duplex, Readable } from 'node:stream';
import { EventStreamHeartbeat, Http2Heartbeat, SilenceWatchdog, WebSocketHeartbeat } from 'tcp-keepalive/heartbeat';
import { almost, anything } from './values';
import { target } from './arguments';
import { argumentErrors, type Subject } from './subject';

const times = fc.oneof(fc.nat(), fc.constantFrom(1, 2, 2 ** 31 - 1, 2 ** 31));
const silence = almost(
  fc.record(
    {
      timeout: times,
      onSilence: fc.constant(() => undefined),
      event: fc.string(),
      armedBy: fc.constantFrom('silence' as const, 'write' as const),
    },
    { requiredKeys: ['timeout'] },
  ),
  ['timeout', 'onSilence', 'event', 'armedBy'],
);
const webSocketOptions = almost(
  fc.record({ interval: times, timeout: times, trustKernel: fc.boolean() }, { requiredKeys: ['interval', 'timeout'] }),
  ['interval', 'timeout', 'trustKernel'],
);
const http2Options = almost(
  fc.record(
    { interval: times, timeout: times, onlyWithStreams: fc.boolean(), trustKernel: fc.boolean() },
    { requiredKeys: ['interval', 'timeout'] },
  ),
  ['interval', 'timeout', 'onlyWithStreams', 'trustKernel'],
);
const streamOptions = almost(fc.record({ interval: times, event: fc.string() }, { requiredKeys: ['interval'] }), [
  'interval',
  'event',
]);

/** What a WebSocket of `ws` has. */
class Client extends EventEmitter {
  readonly isPaused = false;
  constructor(
    readonly readyState: number,
    readonly bufferedAmount: number,
  ) {
    super();
  }
  ping(): void {
    this.emit('pong');
  }
  send(): void {
    this.emit('message');
  }
  terminate(): void {
    this.emit('close');
  }
}

/** What a session of http2 has. */
class Session extends EventEmitter {
  readonly connecting = false;
  readonly type = 1; // of a client
  readonly socket = new Socket();
  constructor(
    readonly destroyed: boolean,
    readonly closed: boolean,
  ) {
    super();
  }
  goaway(): void {
    this.emit('goaway');
  }
  ping(answered: (error: null) => void): boolean {
    setImmediate(answered, null);
    return true;
  }
  request(): Duplex {
    return new Duplex({ read: () => undefined, write: () => undefined });
  }
  destroy(): void {
    this.emit('close');
  }
}

class Source extends EventTarget {
  readonly readyState = 1;
  close(): void {
    this.dispatchEvent(new Event('error'));
  }
}

const client = fc.tuple(fc.nat(3), fc.nat(1)).map(([state, buffered]) => new Client(state, buffered));
const session = fc.oneof(
  fc.tuple(fc.boolean(), fc.boolean()).map(([destroyed, closed]) => new Session(destroyed, closed)),
  anything,
  target,
);
const clientSet = fc.array(client).map((all) => new Set(all));
const clients = fc.oneof(
  clientSet,
  clientSet.map((set) => ({ clients: set })),
  fc.array(anything).map((all) => new Set(all)),
  anything.map((value) => ({ clients: value })),
  target,
);
const response = fc.constant(undefined).map(() => new ServerResponse(new IncomingMessage(new Socket())));
const responseLike = fc.record({
  write: fc.constant(() => true),
  on: fc.constant(() => undefined),
  off: fc.constant(() => undefined),
  headersSent: fc.boolean(),
  writableEnded: fc.boolean(),
});
const responseNames = ['write', 'on', 'off', 'headersSent', 'writableEnded'];
/** None that answers something else each time: it is a live object, which is not read once. */
const responses = fc.oneof(
  response,
  responseLike,
  fc
    .tuple(responseLike, fc.constantFrom(...responseNames), anything)
    .map(([base, name, value]) => ({ ...base, [name]: value })),
  anything,
  target,
);
const watchable = fc.oneof(
  fc.constant(undefined).map(() => new Readable({ read: () => undefined })),
  fc.constant(undefined).map(() => new Duplex({ read: () => undefined, write: () => undefined })),
  client,
  session,
  fc.constant(undefined).map(() => new Source()),
  target,
);

/** Own properties and listeners: what a heartbeat puts on somebody else's object it takes away again. */
function tracesOn(value: unknown): string {
  const isPlain =
    value instanceof Client || value instanceof Readable || value instanceof ServerResponse || value instanceof Session;
  if (!isPlain) return '';
  const listeners = value.eventNames().map((name) => `${String(name)} ${value.listenerCount(name)}`);
  return [
    ...['push', 'write', '_write', 'send', 'ping', 'request'].filter((name) => Object.hasOwn(value, name)),
    ...listeners,
  ]
    .sort()
    .join();
}

const nextTurn = () => new Promise(setImmediate);

export const heartbeatSubjects: Record<string, Subject> = {
  SilenceWatchdog: {
    args: [silence, watchable, anything],
    errors: argumentErrors,
    async call([options, watched, input]) {
      const before = tracesOn(watched);
      const watchdog = new SilenceWatchdog(options);
      try {
        watchdog.heard();
        if (watchdog.watch(watched) !== watched) return 'another target';
        watchdog.wrote();
        const asking: unknown = watched;
        if (asking instanceof Client) asking.send();
        if (asking instanceof Session) asking.request();
      } finally {
        watchdog.stop();
      }
      if (tracesOn(watched) !== before) return `left: ${tracesOn(watched)}`;
      // Whatever Node's own answers: an input is its to judge.
      const answer = await watchdog.fetch(input).catch((error: unknown) => error);
      watchdog[Symbol.dispose]();
      return answer === undefined ? 'fetch answers nothing' : undefined;
    },
  },
  WebSocketHeartbeat: {
    args: [clients, webSocketOptions],
    errors: argumentErrors,
    async call([given, options]) {
      const set = ((given as { clients?: unknown } | null)?.clients ?? given) as Set<unknown>;
      const before = tracesOfAll(set);
      const heartbeat = new WebSocketHeartbeat<never>(given, options);
      let gone = 0;
      heartbeat.on('gone', () => (gone += 1));
      try {
        // It meets them in a later turn.
        if ([...set].every((one) => one instanceof Client)) for (let turn = 0; turn < 3; turn += 1) await nextTurn();
        const { clients, waiting } = heartbeat.snapshot();
        if (clients > set.size || waiting > clients) return heartbeat.snapshot();
        if (heartbeat.snapshot().gone !== gone) return 'gone is not what was told';
      } finally {
        heartbeat.stop();
      }
      if (heartbeat.snapshot().clients !== 0) return heartbeat.snapshot();
      return tracesOfAll(set) === before ? undefined : `left: ${tracesOfAll(set)}`;
    },
  },
  Http2Heartbeat: {
    args: [http2Options, session, session],
    errors: [...argumentErrors, 'ERR_KEEPALIVE_UNSUPPORTED'],
    async call([options, added, removed]) {
      const before = tracesOn(added);
      const heartbeat = new Http2Heartbeat(options);
      try {
        heartbeat.add(added);
        heartbeat.add(added);
        heartbeat.remove(removed);
        if (heartbeat.snapshot().sessions > 1) return heartbeat.snapshot();
        await nextTurn();
        heartbeat.add(removed);
      } finally {
        heartbeat[Symbol.dispose]();
      }
      if (heartbeat.snapshot().sessions !== 0) return heartbeat.snapshot();
      return tracesOn(added) === before ? undefined : `left: ${tracesOn(added)}`;
    },
  },
  EventStreamHeartbeat: {
    args: [streamOptions, responses, responses],
    errors: argumentErrors,
    async call([options, added, removed]) {
      const before = tracesOn(added);
      const heartbeat = new EventStreamHeartbeat(options);
      try {
        heartbeat.add(added);
        heartbeat.add(added);
        heartbeat.remove(removed);
        if (heartbeat.snapshot().streams > 1) return heartbeat.snapshot();
        heartbeat.add(removed);
      } finally {
        heartbeat.stop();
      }
      if (heartbeat.snapshot().streams !== 0) return heartbeat.snapshot();
      return tracesOn(added) === before ? undefined : `left: ${tracesOn(added)}`;
    },
  },
};

function tracesOfAll(set: unknown): string {
  return set instanceof Set ? [...(set as Set<unknown>)].map(tracesOn).join(';') : '';
}
