import type { Agent, AgentOptions } from 'node:http';
import type { Socket } from 'node:net';
import { isSocket } from '../socket/descriptor.js';
import { readTcpInfo } from '../socket/tcp-info.js';
import { override } from '../util/override.js';

/**
 * The parts of an agent that `@types/node` does not declare: the method that it calls for each request, and the pool
 * from which it then takes a socket.
 */
interface RequestedAgent {
  addRequest(...args: unknown[]): void;
  getName(options?: unknown): string;
  readonly scheduling: NonNullable<AgentOptions['scheduling']>;
}

/**
 * Destroys pooled sockets that their peer has closed, just before an agent gives one to a request. While the event loop
 * is busy, Node does not know that they are closed, and the request would fail with ECONNRESET.
 *
 * An agent calls `getName` for the pool of a request just before it takes a socket from that pool.
 *
 * @returns the function that restores the methods of the agent
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

/** @param isFirstNext whether the agent takes the first socket of the pool next, or the last */
function discard(pool: unknown[] | undefined, isFirstNext: boolean): void {
  while (pool !== undefined && pool.length > 0) {
    const socket = pool[isFirstNext ? 0 : pool.length - 1];
    if (!isSocket(socket) || !isClosedByPeer(socket)) return;
    if (isFirstNext) pool.shift();
    else pool.pop();
    socket.destroy();
  }
}

function isClosedByPeer(socket: Socket): boolean {
  try {
    const { state } = readTcpInfo(socket);
    return state !== null && state !== 'established';
  } catch {
    return false; // not a TCP connection of this process: left to the agent
  }
}
