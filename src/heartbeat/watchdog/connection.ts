import type { KeepaliveError } from '../../index.js';

/** One connection as a watchdog sees it. */
export interface Connection {
  /** Whether something was received since the last call that no event told of. */
  wasHeard(): boolean;
  /** Whether this side has stopped reading, so that nothing can be received. */
  isDeaf(): boolean;
  hasEnded(): boolean;
  end(error: KeepaliveError): void;
  release(): void;
}

/** What a connection tells its watchdog. */
export interface ConnectionListener {
  heard: () => void;
  closed: () => void;
}
