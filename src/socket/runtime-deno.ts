// Deno's TCP handles have no `fd`. On Linux and macOS `fdForIpc()`, meant for child.send(), returns a new duplicate on
// each call (ext/node/ops/tcp_wrap.rs). An option that is set on a duplicate is set on the socket. On Windows it
// returns -1.
import { assertAddon, binding } from '../addon/binding.js';
import { HIDDEN, NOT_TCP, type Handle, type Runtime } from './runtime.js';

interface DenoHandle extends Handle {
  fdForIpc?(): number;
}

/** Pipes show their `fd`, which is not a duplicate. */
/* v8 ignore start -- npm run matrix runs it */
const duplicates = new Set<number>();

export const deno: Runtime = {
  isTcp,
  descriptorOf(handle: DenoHandle) {
    if (!isTcp(handle)) return NOT_TCP;
    assertAddon(); // it closes the duplicate
    const duplicate = handle.fdForIpc?.() ?? HIDDEN;
    if (duplicate < 0) return HIDDEN;
    duplicates.add(duplicate);
    return duplicate;
  },
  release(descriptor) {
    if (duplicates.delete(descriptor)) binding.closeDuplicate(descriptor);
  },
  hasNoHandle: () => false,
  whyNotAll:
    "Deno's fetch, Deno.connect and Deno.serve do not use the handles of node:net; use applyKeepalive and applyKeepaliveToServer",
  whyHidden:
    'Deno gave no duplicate of the descriptor: it cannot on Windows and before Deno 2.8, nor when none is left (EMFILE)',
};

function isTcp(handle: Handle): boolean {
  return 'connect6' in handle;
}
/* v8 ignore stop */
