/** The part that is used of the stream handles of Node (`TCP`, `Pipe`, `TLSWrap`, `JSStream`), Bun and Deno. */
export interface Handle {
  readonly fd?: number;
  /** The handle below a `TLSWrap`. */
  readonly _parent?: Handle | null;
}

// Answers in place of a descriptor. They are lower than every error number of the system.
export const NOT_CONNECTED = -10_001;
export const CLOSED = -10_002;
export const NOT_TCP = -10_003;
/** The runtime does not tell. */
export const HIDDEN = -10_004;

/**
 * How runtimes differ on the way from a handle to its descriptor. One file for each runtime. Handles are those below
 * any TLS layers.
 */
export interface Runtime {
  isTcp(handle: Handle): boolean;
  /** The descriptor of a handle that does not show it in `fd`, or one of the answers above. */
  descriptorOf(handle: Handle): number;
  /** Must be called for every descriptor after its use. Some are duplicates, which it closes. */
  readonly release: (descriptor: number) => void;
  /** The message for {@link HIDDEN}: why, and what the user can do. */
  readonly whyHidden: string;
  /** Whether a server or a socket is of a kind that has no handle in this runtime. */
  hasNoHandle(target: unknown): boolean;
  /** Why some connections of a process cannot be reached through its TCP handles. undefined: all can. */
  readonly whyNotAll: string | undefined;
}
