// A router that translates addresses and forgets connections that are idle for 5 s, where real ones take minutes: who notices
// what, and when. docs/nat.md says what this file measures. Runs again inside a private network namespace.
import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import net, { type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { applyKeepalive, disconnectReason, lastHeard, type KeepaliveProfile } from 'tcp-keepalive';
import { EventStreamHeartbeat, WebSocketHeartbeat } from 'tcp-keepalive/heartbeat';
import { WebSocketServer } from 'ws';
import { within } from '../../examples/lib/deadline.js';
import { connectNat, natMissing, type Answer, type Nat } from '../support/nat';
import { Output, type PipedProcess } from '../support/output';
import { poll } from '../support/poll';
import { inNamespace } from '../support/rerun';
import { accepted, listening, portOf } from '../support/sockets';
import { socketOf } from '../support/web-sockets';

const forgetsAfter = 5;
const below = { initialDelay: 2_000, interval: 1_000, count: 3, userTimeout: 'match' } satisfies KeepaliveProfile;
const above = { ...below, initialDelay: 8_000 };
const beat = { below: { interval: 2_000, timeout: 2_000 }, above: { interval: 8_000, timeout: 2_000 } };
/** Of clients of event streams: above the interval of the server's pings. */
const silence = 10_000;
/** Of a push, and of a client that asks: the router has forgotten them by then. */
const later = 7_000;
const longer = 13_000;
/** What a verdict may take beyond its time before the test calls it late: these machines are shared. */
const room = 4_000;

inNamespace(__filename, () => {
  const missing = natMissing();
  if (missing === undefined) void t.test('a router that forgets', play);
  else if (process.env['CI'] === undefined) t.plan(0, missing);
  else t.fail(missing);
});

/** What is known of one connection, at this end and at the other. */
interface Line {
  readonly socket: Socket;
  readonly since: number;
  /** The end of this side: what its error says, and how many seconds after the connection. */
  readonly ended: Promise<{ reason: string; after: number }>;
}

async function play(t: Test): Promise<void> {
  const answers: Answer[] = ['nothing', 'reset', 'unreachable'];
  const nats = await Promise.all(answers.map((answer, number) => connectNat(number, forgetsAfter, answer)));
  t.teardown(() => Promise.all(nats.map((nat) => nat.close())));
  const tests = nats.map((nat, number) => new Stories(t, nat, answers[number]!).play());
  await Promise.all(tests);
}

class Stories {
  readonly #clients: object[] = [];
  readonly #stories: (() => Promise<void>)[] = [];
  #output: Output | undefined;

  constructor(
    readonly t: Test,
    readonly nat: Nat,
    readonly answer: Answer,
  ) {}

  async play(): Promise<void> {
    await this.#below();
    await this.#above();
    const program = [require.resolve('./nat/clients.js'), this.nat.address, JSON.stringify(this.#clients)];
    const child = this.nat.spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#output = new Output(this.t, child as PipedProcess);
    await Promise.all(this.#stories.map((story) => story()));
  }

  /** Whoever sends something more often than the router forgets is reached. */
  async #below(): Promise<void> {
    await this.#tcp('device, profile below', {}, async (name, line) => {
      applyKeepalive(line.socket, below);
      await delay(longer);
      line.socket.write('news');
      await this.#told(name, 'got news');
    });
    await this.#webSocket('push, heartbeat below', beat.below, async (name, line, server) => {
      await delay(longer);
      for (const client of server.clients) client.send('news');
      await this.#told(name, 'got news');
      this.#ok(!line.socket.destroyed, name, 'lives');
    });
    await this.#events('events, heartbeat below', beat.below.interval, async (name, _line, streams) => {
      await delay(longer);
      streams[0]!.write('data: news\n\n');
      await this.#told(name, 'got news');
    });
    await this.#tcp('probed by its client only', { probes: below }, async (name, { socket }) => {
      await delay(longer);
      const heard = lastHeard(socket)!;
      this.#ok(heard > longer - 1_000, name, `heard ${heard} ms ago: the client's own probes are not seen`);
      socket.write('news');
      await this.#told(name, 'got news');
    });
  }

  async #above(): Promise<void> {
    await this.#tcp('device, profile above', {}, async (name, { socket, ended }) => {
      applyKeepalive(socket, above);
      // Linux takes no notice of an ICMP error that a probe gets.
      if (this.answer === 'reset') this.#took(name, await ended, 'reset', above.initialDelay);
      else this.#took(name, await ended, 'timed-out', above.initialDelay + above.interval * (above.count - 1));
    });
    await this.#webSocket('push, heartbeat above', beat.above, async (name, { ended }, _server, gone) => {
      const end = await ended;
      if (this.answer === 'reset') this.#took(name, end, 'reset', beat.above.interval / 2);
      else this.#took(name, end, gone.length > 0 ? 'closed' : 'unreachable', beat.above.timeout);
    });
    await this.#events('events, heartbeat above', beat.above.interval, async (name, { ended }, streams) => {
      await this.#told(name, 'error ERR_KEEPALIVE_SILENCE');
      await poll(`${name}: the client is back`, () => streams.length === 2);
      streams[1]!.write('data: what was missed\n\n');
      await this.#told(name, 'got what was missed');
      const { reason, after } = await ended;
      this.t.comment(`${this.answer}: ${name}: the server: ${reason} after ${after.toFixed(1)} s`);
      this.#ok(reason !== 'closed' && after >= beat.above.interval / 2_000, name, 'noticed by the server too');
    });
    await this.#tcp('push without a profile', {}, async (name, { socket, ended }) => {
      await delay(later);
      socket.write('news');
      const end = await Promise.race([ended, delay(longer)]);
      if (this.answer === 'reset') this.#took(name, end!, 'reset', later);
      else this.#ok(end === undefined, name, `believed in ${longer / 1000} s after the push`);
      this.#ok(!(await this.#said(name, 'got news')), name, 'it did not arrive');
    });
    await this.#tcp('client that asks', { asks: later, answer: 2_000 }, async (name, { socket, ended }) => {
      const code = { nothing: 'ERR_KEEPALIVE_SILENCE', reset: 'ECONNRESET', unreachable: 'ERR_KEEPALIVE_SILENCE' };
      await this.#told(name, `error ${code[this.answer]}`);
      const end = await Promise.race([ended, delay(longer)]);
      this.#ok(end === undefined && !socket.destroyed, name, 'the server does not know');
    });
  }

  #ok(isSo: boolean, name: string, what: string): void {
    this.t.ok(isSo, `${this.answer}: ${name}: ${what}`);
  }

  #took(name: string, { reason, after }: { reason: string; after: number }, expected: string, least: number): void {
    const isSo = reason === expected && after * 1000 >= least - 50 && after * 1000 <= longer + room;
    this.#ok(isSo, name, `the server: ${reason} after ${after.toFixed(1)} s`);
  }

  async #told(name: string, what: string): Promise<void> {
    const line = new RegExp(`^(${name} ${what})$`);
    await within(longer + 2 * room, `${this.answer}: ${name} ${what}`, this.#output!.lines(line));
    this.#ok(true, name, `the client: ${what}`);
  }

  #said(name: string, what: string): Promise<boolean> {
    return Promise.race([this.#output!.lines(new RegExp(`^(${name} ${what})$`)).then(() => true), delay(1, false)]);
  }

  async #story(name: string, kind: string, server: Server, client: object, then: (line: Line) => Promise<void>) {
    accepted(this.t, server);
    this.#clients.push({ name, kind, port: await portOf(server), ...client });
    const connection = once(server, 'connection') as Promise<[Socket]>;
    this.#stories.push(async () => {
      const [socket] = await connection;
      await this.#told(name, 'open');
      const since = performance.now();
      const ended = new Promise<{ reason: string; after: number }>((resolve) => {
        const noted = () =>
          resolve({
            reason: disconnectReason(socket.errored ?? undefined),
            after: (performance.now() - since) / 1000,
          });
        socket.once('error', () => undefined).once('close', noted);
      });
      await then({ socket, since, ended });
    });
  }

  async #tcp(name: string, client: object, then: (name: string, line: Line) => Promise<void>) {
    const server = net.createServer();
    await listening(this.t, server, { host: this.nat.address });
    await this.#story(name, 'tcp', server, client, (line) => then(name, line));
  }

  async #webSocket(
    name: string,
    options: { interval: number; timeout: number },
    then: (name: string, line: Line, server: WebSocketServer, gone: Socket[]) => Promise<void>,
  ) {
    const server = http.createServer();
    await listening(this.t, server, { host: this.nat.address });
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (client) => client.on('error', () => undefined));
    const heartbeat = new WebSocketHeartbeat(sockets, options);
    this.t.teardown(() => heartbeat.stop());
    const gone: Socket[] = [];
    heartbeat.on('gone', (client) => gone.push(socketOf(client)));
    await this.#story(name, 'ws', server, {}, (line) => then(name, line, sockets, gone));
  }

  async #events(
    name: string,
    interval: number,
    then: (name: string, line: Line, streams: ServerResponse[]) => Promise<void>,
  ) {
    const heartbeat = new EventStreamHeartbeat({ interval });
    this.t.teardown(() => heartbeat.stop());
    const streams: ServerResponse[] = [];
    const server = http.createServer((request, response) => {
      applyKeepalive(request.socket, above);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      streams.push(response);
      heartbeat.add(response);
    });
    await listening(this.t, server, { host: this.nat.address });
    await this.#story(name, 'events', server, { silence }, (line) => then(name, line, streams));
  }
}
