// Every function that calls the kernel, brought to where it makes all its calls; those that call later are in handlers.ts.
import { type Server, type Socket } from 'node:net';
import {
  applyKeepalive,
  applyKeepaliveToAll,
  applyKeepaliveToServer,
  defineProfile,
  disableKeepalive,
  lastHeard,
  readKeepalive,
  readSystemKeepalive,
  readTcpInfo,
} from 'tcp-keepalive';
import { held, heldBy, options, poke, type OptionName } from '../../support/oracle';
import * as plain from '../../support/profiles';

export interface Scene {
  readonly client: Socket;
  readonly accepted: Socket;
  readonly server: Server;
  /** Listens with a profile. */
  readonly tuned: Server;
  /** Accepts what is connected for one refusal. */
  readonly port: number;
}

export interface Prepared {
  /** The call under test. Throws or rejects with what was refused, wherever that is told; false: it is not told. */
  readonly run: () => unknown;
  /** What may change; nothing else may. */
  readonly target?: Socket | Server;
  /** What the target holds after the call; after a refusal what it held before, or `was` where there was no target. */
  readonly then?: readonly number[];
  readonly was?: readonly number[];
  /** A refusal destroys the target with the error. */
  readonly destroys?: boolean;
}

/** Brings the sockets to where the call under test finds them. */
export type Scenario = (scene: Scene) => Prepared | Promise<Prepared>;

// Tried on a scratch socket once, however many others are.
export const profile = defineProfile(plain.profile);
export const other = defineProfile(plain.other);

let unique = 100_000;
/** One that this process has not tried on a scratch socket. */
export const untried = () => ({ ...profile, initialDelay: (unique += 1_000) });

export function putAll(target: Socket | Server, values: readonly number[]): void {
  const names = Object.keys(options) as OptionName[];
  values.forEach((value, i) => poke(target, names[i]!, value));
}

/** Nothing of it is in a profile. */
export const distinct = [0, 17, 3, 2, 1_234];
export const defaults = [0, 7_200, 75, 9, 0];

export const scenarios: Record<string, Scenario> = {
  'apply to a fresh socket': ({ client }) => {
    putAll(client, distinct);
    return { run: () => applyKeepalive(client, profile), target: client, then: heldBy(profile) };
  },
  'apply to one that has another profile': ({ client }) => {
    applyKeepalive(client, other);
    return { run: () => applyKeepalive(client, profile), target: client, then: heldBy(profile) };
  },
  'apply what this process has not tried': ({ client }) => {
    applyKeepalive(client, other);
    const wanted = untried();
    return { run: () => applyKeepalive(client, wanted), target: client, then: heldBy(wanted) };
  },
  disable: ({ client }) => {
    applyKeepalive(client, profile);
    const [, ...timing] = heldBy({ ...profile, userTimeout: 0 });
    return { run: () => disableKeepalive(client), target: client, then: [0, ...timing] };
  },
  read: ({ client }) => ({ run: () => readKeepalive(client) }),
  'read a server': ({ server }) => ({ run: () => readKeepalive(server) }),
  'read the system': () => ({ run: readSystemKeepalive }),
  'tcp info': ({ client }) => ({ run: () => readTcpInfo(client) }),
  'last heard': ({ client }) => ({ run: () => lastHeard(client) }),
  'a server is tuned': ({ server }) => {
    applyKeepaliveToServer(server, profile).stop();
    putAll(server, defaults); // one that had no user timeout to read has not put it back
    return { run: () => applyKeepaliveToServer(server, profile), target: server, then: heldBy(profile) };
  },
  'a server is let go': ({ server }) => {
    applyKeepaliveToServer(server, profile).stop();
    putAll(server, distinct);
    const keepalive = applyKeepaliveToServer(server, profile);
    return { run: () => keepalive.stop(), target: server, then: distinct };
  },
  'a server gets another profile': ({ tuned }) => {
    const keepalive = applyKeepaliveToServer(tuned, profile);
    return { run: () => keepalive.update(other), target: tuned, then: heldBy(other) };
  },
  'a fleet': ({ client }) => {
    applyKeepalive(client, { ...profile }); // tried
    putAll(client, distinct);
    const run = async () => {
      const { failed } = await applyKeepaliveToAll([client], profile, { spread: 0 });
      for (const { error } of failed) throw error;
    };
    return { run, target: client, then: heldBy(profile) };
  },
};

export const kernel = ({ client, accepted, server, tuned }: Scene) =>
  new Map([client, accepted, server, tuned].map((target) => [target, held(target).join()]));
