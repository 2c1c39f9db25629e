// Bun's handles show their descriptor in `fd` (on Windows the SOCKET), and -1 while they connect. They are all of one
// class. Bun's `http` and `https` servers are not a `net.Server`: neither they nor their connections have a handle.
import { Server } from 'node:net';
import { binding } from '../addon/binding.js';
import { HIDDEN, NOT_TCP, type Runtime } from './runtime.js';

/* v8 ignore start -- npm run matrix runs it */
export const bun: Runtime = {
  // A Unix-domain socket has its descriptor even before it is connected.
  isTcp: ({ fd }) => fd === undefined || fd < 0 || binding.read(fd) === 0,
  // TLS over a stream has an `fd` of -1.
  descriptorOf: ({ fd }) => (fd === undefined ? HIDDEN : NOT_TCP),
  release: () => undefined,
  whyHidden:
    "Bun does not tell the descriptor: not of its own HTTP servers and their connections (accept with net.createServer() and hand over with httpServer.emit('connection', socket)), and before 1.4 of hardly any socket",
  whyNotAll: "Bun's sockets and servers have no common handle; use applyKeepalive and applyKeepaliveToServer",
  hasNoHandle(target) {
    return isHttpServer(target) || isHttpServer((target as { server?: unknown } | null | undefined)?.server);
  },
};

function isHttpServer(value: unknown): boolean {
  if (value instanceof Server) return false;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const http = require('node:http') as typeof import('node:http');
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const https = require('node:https') as typeof import('node:https');
  return value instanceof http.Server || value instanceof https.Server;
}
/* v8 ignore stop */
