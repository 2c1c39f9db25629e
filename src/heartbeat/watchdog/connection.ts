import type { KeepaliveError } from '../../index.js';

/** One connection as a watchdog sees it. */
export interface Connection {
  /** Whether something was received since the last call that no event told of. */
  wasHeard(): boolean;
  /** Whether this side has stopped reading, so that nothing can be received. */
  isDeaf(): boolean;
  /** Where writes count: whether an answer is still due although something was heard. */
  isOwed?(): boolean;
  /** Where writes count: whether what was written is still on its way, so that no answer can be expected yet. */
  isSending?(): boolean;
  hasEnded(): boolean;
  end(error: KeepaliveError): void;
  release(): void;
}

/** What a connection tells its watchdog. */
export interface ConnectionListener {
  heard: () => void;
  /** Something was written that needs an answer. undefined where writes do not count. */
  wrote: (() => void) | undefined;
  closed: () => void;
}
