import type { Socket } from 'node:net';

/** Follows a socket's count of received bytes. */
export class Received {
  #bytes = 0;

  /** Whether it has grown since it was asked last. */
  hasGrown(socket: Pick<Socket, 'bytesRead'> | undefined): boolean {
    const before = this.#bytes;
    this.#bytes = socket?.bytesRead ?? before;
    return this.#bytes > before;
  }
}
