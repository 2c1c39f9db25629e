import type { Server } from 'node:net';
import { platform } from '../profile/platform.js';
import { withUserTimeout, type CheckedProfile } from '../profile/profile.js';
import { NOT_CONNECTED, borrowed, listeningIdentity, notTcp, serverDescriptor } from '../socket/descriptor.js';
import { acceptQueueLength, getSettings, putSettings, setProfile, type KeepaliveSettings } from '../socket/kernel.js';

/** What a listening socket held before it was tuned. A server has a new listening socket each time that it listens. */
interface Held {
  readonly identity: object | null;
  readonly before: KeepaliveSettings;
}

/** The listening socket of a server, on systems where accepted connections inherit from it. */
export class Listener {
  readonly #server: Server;
  #held: Held | undefined;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Whether the socket that the server listens on now holds the profile. */
  get isTuned(): boolean {
    return this.#current !== undefined;
  }

  /** How many connections of a tuned listener wait to be accepted. */
  get queueLength(): number {
    return this.isTuned ? borrowed(serverDescriptor(this.#server), acceptQueueLength) : 0;
  }

  /**
   * Sets the profile on the listening socket. Does nothing if the server does not listen, if its socket is in another
   * process (round-robin cluster worker), or if connections do not inherit on this OS.
   */
  tune(profile: CheckedProfile): void {
    const descriptor = serverDescriptor(this.#server);
    if (descriptor !== NOT_CONNECTED && typeof this.#server.address() === 'string') throw notTcp();
    if (descriptor < 0) return;
    borrowed(descriptor, () => {
      /* v8 ignore next -- macOS and Windows */
      if (!platform.listenerInheritance) return;
      const before = this.#current?.before ?? getSettings(descriptor);
      setProfile(descriptor, overSettings(profile, before));
      this.#held = { identity: listeningIdentity(this.#server), before };
    });
  }

  /**
   * Takes other settings for those that were there before the profile.
   *
   * @returns false when the listening socket does not hold the profile.
   */
  rebase(before: KeepaliveSettings, profile: CheckedProfile): boolean {
    const held = this.#current;
    if (held === undefined) return false;
    this.#held = { ...held, before };
    this.tune(profile);
    return true;
  }

  /** Restores what the listening socket held before. */
  restore(): void {
    const held = this.#current;
    if (held !== undefined) {
      borrowed(serverDescriptor(this.#server), (descriptor) => {
        putSettings(descriptor, held.before);
      });
    }
    this.#held = undefined;
  }

  /** What a connection of this listener has to hold: the profile, and the other settings that it inherits. */
  inherited(profile: CheckedProfile): CheckedProfile {
    const held = this.#current;
    return held === undefined ? profile : overSettings(profile, held.before);
  }

  get #current(): Held | undefined {
    return this.#held?.identity === listeningIdentity(this.#server) ? this.#held : undefined;
  }
}

/** A profile without a user timeout keeps the user timeout that was there before any profile. */
function overSettings(profile: CheckedProfile, before: KeepaliveSettings): CheckedProfile {
  if (profile.userTimeout !== undefined || before.userTimeout === null) return profile;
  return withUserTimeout(profile, before.userTimeout);
}
