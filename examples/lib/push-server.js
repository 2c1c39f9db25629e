'use strict';
const { EventEmitter, once } = require('node:events');
const tls = require('node:tls');
const { key, cert } = require('../../test/support/certificate.js');

/**
 * A push server over TLS, as small as it gets: clients say their name, stay connected and wait.
 * 'online' (name) when one has come, 'gone' (name, the error's code or 'closed') when it is lost.
 */
exports.PushServer = class PushServer extends EventEmitter {
  /**
   * The clients that the server believes in.
   * @type {Map<string, tls.TLSSocket>}
   */
  clients = new Map();

  /** @type {Set<tls.TLSSocket>} */
  #sockets = new Set();
  #server = tls.createServer({ key, cert });

  /** @param {(socket: tls.TLSSocket, name: string) => void} [onClient] */
  constructor(onClient = () => {}) {
    super();
    this.#server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      let reason = 'closed';
      socket.on('error', (/** @type {NodeJS.ErrnoException} */ error) => (reason = error.code ?? error.message));
      socket.on('close', () => this.#sockets.delete(socket));

      // The profile is applied at the answer and not before it: by then nothing is in flight, so that ss shows the
      // keepalive timer. While written data is unacknowledged it shows the retransmission timer instead.
      socket.write('who are you?\n');
      socket.once('data', (answer) => {
        const name = answer.toString().trim();
        onClient(socket, name);
        this.clients.set(name, socket);
        socket.on('close', () => {
          this.clients.delete(name);
          this.emit('gone', name, reason);
        });
        this.emit('online', name);
      });
    });
  }

  /** @returns {Promise<number>} the port */
  async listen() {
    this.#server.listen(0, '0.0.0.0');
    await once(this.#server, 'listening');
    return /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port;
  }

  /** @param {readonly string[]} names */
  async allOnline(names) {
    while (!names.every((name) => this.clients.has(name))) await once(this, 'online');
  }

  close() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
};
