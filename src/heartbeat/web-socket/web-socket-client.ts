import type { Socket } from 'node:net';
import { isEndedSocket } from '../fault.js';

/** The part of a client that {@link WebSocketHeartbeat} uses. A `WebSocket` of `ws` has it. */
export interface HeartbeatClient {
  /** 1: open, as in every WebSocket. */
  readonly readyState: number;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /** Whether the application has stopped reading. */
  readonly isPaused?: boolean;
  ping(): void;
  /** Ends the connection at once. */
  terminate(): void;
  on(event: 'message' | 'ping' | 'pong' | 'close', listener: () => void): unknown;
  off(event: 'message' | 'ping' | 'pong' | 'close', listener: () => void): unknown;
}

const open = 1;

export function isClient(value: unknown): value is HeartbeatClient {
  if (isEndedSocket(value)) return false;
  if (typeof value !== 'object' || value === null) return false;
  const { readyState, ping, terminate, on, off } = value as Partial<HeartbeatClient>;
  return typeof readyState === 'number' && [ping, terminate, on, off].every((method) => typeof method === 'function');
}

export function isOpen(client: HeartbeatClient): boolean {
  return client.readyState === open;
}

/** Whether it is closing or closed. Such a client is not judged: `ws` has its own timer for the close. */
export function isEnding(client: HeartbeatClient): boolean {
  return client.readyState > open;
}

/** The TCP socket, where the client shows it as `ws` does. */
export function socketOf(client: HeartbeatClient): Socket | undefined {
  return (client as { _socket?: Socket | null })._socket ?? undefined;
}

/** Whether this side does not read, so that an answer could not be seen. */
export function isDeaf(client: HeartbeatClient): boolean {
  return client.isPaused === true || socketOf(client)?.isPaused() === true;
}
