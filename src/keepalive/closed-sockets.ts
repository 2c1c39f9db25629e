import type { Agent, AgentOptions } from 'node:http';
import type { Socket } from 'node:net';
import { isSocket } from '../socket/descriptor.js';
import { readTcpInfo } from '../socket/tcp-info.js';
import { override } from '../util/override.js';

/** What `@types/node` lacks of an agent: what it calls for each request, and what it then takes a pooled socket from. */
interface RequestedAgent {
  addRequest(...args: unknown[]): void;
  getName(options?: unknown): string;
  readonly scheduling: NonNullable<AgentOptions['scheduling']>;
}

/**
 * Destroys pooled sockets that their peer has closed, where an agent is about to give one to a request. An event loop that was
 * busy does not know of them yet, and the request would fail with ECONNRESET.
 *
 * An agent asks for the name of a request's pool just before it takes a socket from there.
 *
 * @returns what puts the agent's methods back
 */
export function discardClosedSockets(agent: Agent): () => void {
  const requested = agent as unknown as RequestedAgent;
  let isTaking = false;
  const restoreAddRequest = override(requested, 'addRequest', (original) => {
    return function addRequest(this: RequestedAgent, ...args) {
      isTaking = true;
      try {
        original.apply(this, args);
      } finally {
        isTaking = false;
      }
    };
  });
  const restoreGetName = override(requested, 'getName', (original) => {
    return function getName(this: RequestedAgent, ...args) {
      const name = original.apply(this, args);
      if (isTaking) discard(agent.freeSockets[name], requested.scheduling === 'fifo');
      isTaking = false;
      return name;
    };
  });
  return () => {
    restoreAddRequest();
    restoreGetName();
  };
}

/** @param isFirstNext which end of the pool is taken from */
function discard(pool: unknown[] | undefined, isFirstNext: boolean): void {
  while (pool !== undefined && pool.length > 0) {
    const socket = pool[isFirstNext ? 0 : pool.length - 1];
    if (!isSocket(socket) || !isClosedByPeer(socket)) return;
    pool.splice(pool.indexOf(socket), 1);
    socket.destroy();
  }
}

function isClosedByPeer(socket: Socket): boolean {
  try {
    const { state } = readTcpInfo(socket);
    return state !== null && state !== 'established';
  } catch {
    return false; // no TCP connection of this process: for the agent to find out
  }
}
