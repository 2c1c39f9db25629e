// What calls the kernel in somebody's event, a timer or an agent's override: there nobody can catch what was refused.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import net, { createServer, type Server, type Socket } from 'node:net';
import {
  LivenessMonitor,
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToServer,
  type KeepaliveProfile,
  type LivenessSnapshot,
} from 'tcp-keepalive';
import { heldBy, oracle } from '../../support/oracle';
import { defaults, distinct, profile, putAll, untried, type Prepared, type Scenario } from './scenarios';

const nextTurn = () => new Promise(setImmediate);

/** An agent whose own overrides leave the options alone, as Node's do not. */
interface Overridable {
  createConnection: (options: net.NetConnectOpts) => Socket;
  keepSocketAlive: (socket: Socket) => boolean;
  reuseSocket: (socket: Socket, request: object) => void;
}

function tunedAgent(): Overridable {
  const agent = new http.Agent() as unknown as Overridable;
  agent.keepSocketAlive = () => true;
  applyKeepaliveToAgent(agent as unknown as http.Agent, profile);
  return agent;
}

/** Waits for a connection, and then for what its end would be told. */
async function connection(socket: Socket): Promise<void> {
  await once(socket, 'connect');
  await nextTurn();
  if (socket.errored !== null) throw socket.errored;
}

async function connected(port: number): Promise<Socket> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Collects what goes to `onError`. */
function tunedServer(wanted: KeepaliveProfile): { server: Server; told: () => void } {
  const errors: Error[] = [];
  const server = createServer();
  applyKeepaliveToServer(server, wanted, { onError: (error) => errors.push(error) });
  const told = () => {
    if (errors.length > 1) throw new Error(`told ${errors.length} times`);
    for (const error of errors) throw error;
  };
  return { server, told };
}

function accepting(accepted: Socket, wanted: KeepaliveProfile): Prepared {
  putAll(accepted, distinct);
  const { server, told } = tunedServer(wanted);
  const run = () => {
    server.emit('connection', accepted);
    told();
  };
  return { run, target: accepted, then: heldBy(wanted) };
}

export const handlers: Record<string, Scenario> = {
  'a connection is accepted': ({ accepted }) => accepting(accepted, profile),
  'a connection is accepted, its profile untried': ({ accepted }) => accepting(accepted, untried()),
  'a server begins to listen': () => {
    const { server, told } = tunedServer(profile);
    const run = async () => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      told();
    };
    return { run, target: server, was: defaults, then: heldBy(profile) };
  },
  'a connection is made': ({ port }) => {
    const socket = new net.Socket().on('error', () => undefined);
    applyKeepalive(socket, profile);
    const run = () => connection(socket.connect(port, '127.0.0.1'));
    return { run, target: socket, then: heldBy(profile), destroys: true };
  },
  'an agent makes a connection': ({ port }) => {
    const socket = tunedAgent().createConnection({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    return { run: () => connection(socket), target: socket, then: heldBy(profile), destroys: true };
  },
  'a socket returns to its agent': ({ client }) => {
    putAll(client, distinct);
    const agent = tunedAgent();
    return { run: () => agent.keepSocketAlive(client), target: client, then: heldBy(profile) };
  },
  'a socket is taken from its agent': async ({ port }) => {
    const socket = await connected(port);
    const agent = tunedAgent();
    const run = async () => {
      agent.reuseSocket(socket, {});
      await nextTurn();
      if (socket.errored !== null) throw socket.errored;
    };
    return { run, target: socket, was: defaults, then: heldBy(profile), destroys: true };
  },
  'a monitor': ({ client }) => ({
    run: async () => {
      const monitor = new LivenessMonitor({ silentAfter: 100_000, checkEvery: 1 });
      const rounds: LivenessSnapshot[] = [];
      const note = (message: unknown) => rounds.push((message as { snapshot: LivenessSnapshot }).snapshot);
      subscribe('tcp-keepalive:snapshot', note);
      monitor.watch(client);
      while (rounds.length === 0) await nextTurn();
      unsubscribe('tcp-keepalive:snapshot', note);
      monitor.stop();
      const { connections, silent, unknown, lastHeard } = rounds[0]!; // the next one is not refused
      // Refused is the look, or the question of the snapshot after it.
      const known = [connections, silent, lastHeard.sampled].join();
      if (known !== `1,0,${1 - oracle.refusals()}`) throw new Error(`connections, silent, sampled: ${known}`);
      if (unknown > oracle.refusals()) throw new Error(`unknown: ${unknown}`);
    },
  }),
};
