/** The part of the stream handles of Node (`TCP`, `Pipe`, `TLSWrap`, `JSStream`), Bun and Deno that is relied on. */
export interface Handle {
  readonly fd?: number;
  /** The handle below a `TLSWrap`. */
  readonly _parent?: Handle | null;
}

// What is answered instead of a descriptor. No error number of the system is so low.
export const NOT_CONNECTED = -10_001;
export const CLOSED = -10_002;
export const NOT_TCP = -10_003;
/** The runtime does not tell. */
export const HIDDEN = -10_004;

/**
 * How runtimes differ in the way from a handle to its descriptor; one file for each. Handles are those at the bottom of
 * any TLS layers.
 */
export interface Runtime {
  isTcp(handle: Handle): boolean;
  /** The descriptor of a handle that does not show it in `fd`, or one of the answers above. */
  descriptorOf(handle: Handle): number;
  /** Due for every descriptor after its use: some are duplicates, which are closed then. */
  readonly release: (descriptor: number) => void;
  /** For {@link HIDDEN}: what the user gets to read, and what can be done. */
  readonly whyHidden: string;
  /** Whether a server, or a socket, is of a kind that this runtime gives no handle. */
  hasNoHandle(target: unknown): boolean;
  /** Why some connections of a process cannot be reached through its TCP handles; undefined: all can. */
  readonly whyNotAll: string | undefined;
}
