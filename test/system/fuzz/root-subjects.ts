// Each function of `tcp-keepalive`.
import fc from 'fast-check';
import { Agent } from 'node:http';
import {
  KeepaliveError,
  LivenessMonitor,
  applyKeepalive,
  applyKeepaliveToAgent,
  applyKeepaliveToAll,
  applyKeepaliveToServer,
  checkProfile,
  defineProfile,
  detectionTime,
  disableKeepalive,
  disconnectReason,
  keepaliveTraffic,
  lastHeard,
  planKeepalive,
  readKeepalive,
  readSystemKeepalive,
  readTcpInfo,
} from 'tcp-keepalive';
import { anyProfile, anything } from './values';
import { heldBy } from '../../support/oracle';
import { constraints, fleet, fleetOptions, liveness, onError, path, target } from './arguments';
import { argumentErrors, isTime, namesOf, profileErrors, socketErrors, type Subject } from './subject';
import { undocumented } from './undocumented';

const disconnectReasons = ['closed', 'timed-out', 'unreachable', 'reset', 'other'];
const settingNames = ['enabled', 'initialDelay', 'interval', 'count', 'userTimeout'];
const details = fc.record(
  {
    field: fc.string(),
    option: fc.string(),
    errno: fc.integer(),
    syscall: fc.string(),
    cause: fc.oneof(fc.object(), fc.string()),
  },
  { requiredKeys: [] },
);

const sameKeys = (value: unknown, ...keys: string[]) =>
  JSON.stringify(Object.keys(value as object).sort()) === JSON.stringify(keys.sort()) ? undefined : value;

export const rootSubjects: Record<string, Subject> = {
  defineProfile: {
    args: [anyProfile],
    errors: profileErrors,
    call([profile]) {
      const defined = defineProfile(profile);
      const problem = Object.isFrozen(defined) ? undefined : 'not frozen';
      return problem ?? (heldBy(defined).every(Number.isInteger) ? undefined : defined);
    },
  },
  detectionTime: {
    args: [anyProfile],
    errors: profileErrors,
    call([profile]) {
      const { idle, inFlight } = detectionTime(profile);
      return isTime(idle) && (inFlight === null || isTime(inFlight)) ? undefined : { idle, inFlight };
    },
  },
  keepaliveTraffic: {
    args: [anyProfile],
    errors: profileErrors,
    call([profile]) {
      const traffic = keepaliveTraffic(profile);
      return Object.values(traffic).every((value) => isTime(value) && value > 0) ? undefined : traffic;
    },
  },
  checkProfile: {
    args: [anyProfile, path],
    errors: [...profileErrors, ...argumentErrors],
    call([profile, where]) {
      const findings = checkProfile(profile, where);
      const bad = findings.find(({ code, message }) => !/^[A-Z_]+$/.test(code) || /NaN|undefined|object/.test(message));
      return bad;
    },
  },
  planKeepalive: {
    args: [constraints],
    errors: [...argumentErrors, 'ERR_KEEPALIVE_PLAN'],
    call([asked]) {
      const plan = planKeepalive(asked);
      return heldBy(plan).every(Number.isInteger) ? undefined : plan;
    },
  },
  disconnectReason: {
    args: [anything],
    errors: [],
    call: ([error]) => (disconnectReasons.includes(disconnectReason(error)) ? undefined : disconnectReason(error)),
  },
  readSystemKeepalive: {
    args: [anything],
    errors: [],
    call: (args) => sameKeys((readSystemKeepalive as (...all: unknown[]) => unknown)(...args), ...settingNames),
  },
  applyKeepalive: {
    args: [target, anyProfile],
    errors: [...profileErrors, ...socketErrors],
    changes: ([socket]) => [socket],
    call([socket, profile], scene) {
      const now = applyKeepalive(socket, profile);
      if (typeof now !== 'boolean') return now;
      const [name] = namesOf(scene, [socket]);
      if (name === undefined || !now) return undefined;
      // Read again: a profile that lies holds something else by now, but the kernel one that was checked.
      const [enabled, ...timing] = scene.kernel()[name]!;
      return enabled === 1 && timing.every((value) => value >= 0) ? undefined : timing;
    },
  },
  disableKeepalive: {
    args: [target],
    errors: socketErrors,
    changes: ([socket]) => [socket],
    call([socket], scene) {
      disableKeepalive(socket);
      const holding = namesOf(scene, [socket]).map((name) => scene.kernel()[name]);
      return holding.find((values) => values !== undefined && values[0] !== 0);
    },
  },
  readKeepalive: {
    args: [target],
    errors: socketErrors,
    call: ([socket]) => sameKeys(readKeepalive(socket), ...settingNames),
  },
  readTcpInfo: {
    args: [target],
    errors: [...socketErrors, 'ERR_KEEPALIVE_UNSUPPORTED'],
    call([socket]) {
      const { state, ...values } = readTcpInfo(socket);
      const wrong = Object.values(values).some((value) => value !== null && !isTime(value));
      return wrong || (state !== null && typeof state !== 'string') ? values : undefined;
    },
  },
  lastHeard: {
    args: [target],
    errors: [...socketErrors, 'ERR_KEEPALIVE_UNSUPPORTED'],
    call([socket]) {
      const heard = lastHeard(socket);
      return heard === null || isTime(heard) ? undefined : heard;
    },
  },
  applyKeepaliveToServer: {
    args: [target, anyProfile, fc.oneof(onError, anything), anyProfile],
    errors: [...profileErrors, ...socketErrors],
    call([server, profile, options, next], { kernel }) {
      const before = JSON.stringify(kernel());
      const tuned = applyKeepaliveToServer(server, profile, options);
      try {
        const held = JSON.stringify(kernel());
        try {
          tuned.update(next);
        } catch (error) {
          if (JSON.stringify(kernel()) !== held) return 'update() has changed a socket and then thrown';
          throw error;
        }
      } finally {
        tuned.stop();
      }
      return JSON.stringify(kernel()) === before ? undefined : 'stop() has not put it back';
    },
  },
  applyKeepaliveToAgent: {
    args: [target, anyProfile, anyProfile],
    errors: profileErrors,
    call([agent, profile, next]) {
      const own = keysOf(agent);
      const tuned = applyKeepaliveToAgent(agent, profile);
      try {
        tuned.update(next);
      } finally {
        tuned.stop();
      }
      return keysOf(agent) === own ? undefined : keysOf(agent);
    },
  },
  applyKeepaliveToAll: {
    args: [fleet, anyProfile, fleetOptions],
    errors: [...profileErrors, ...argumentErrors, 'ERR_KEEPALIVE_CLOSED', 'aborted'],
    changes: ([sockets]) => elementsOf(sockets),
    async call([sockets, profile, options]) {
      const asked = elementsOf(sockets);
      const { applied, skipped, failed } = await applyKeepaliveToAll(sockets, profile, options);
      for (const { error } of failed) {
        const problem = undocumented(error, socketErrors);
        if (problem !== undefined) return problem;
      }
      return applied + skipped + failed.length === asked.length ? undefined : { applied, skipped, failed };
    },
  },
  LivenessMonitor: {
    args: [liveness, target, target],
    errors: [...argumentErrors, 'ERR_KEEPALIVE_NOT_TCP'],
    call([options, watched, unwatched]) {
      const monitor = new LivenessMonitor(options);
      try {
        monitor.watch(watched);
        monitor.unwatch(unwatched);
        const { connections, silent, unknown } = monitor.snapshot();
        return connections <= 1 && silent + unknown <= connections ? undefined : monitor.snapshot();
      } finally {
        monitor.stop();
      }
    },
  },
  KeepaliveError: {
    // Its types are all that it checks.
    args: [fc.string(), fc.string(), details],
    errors: [],
    call([code, message, given]) {
      const error = new KeepaliveError(code, message, given);
      const { cause, ...properties } = given as { cause?: unknown };
      const isRight = error.code === code && error.message === message && error.cause === cause;
      const names = ['stack', 'message', 'code', ...Object.keys(properties), ...(cause === undefined ? [] : ['cause'])];
      return isRight ? sameKeys(Object.getOwnPropertyDescriptors(error), ...names) : error;
    },
  },
};

function keysOf(value: unknown): string {
  return value instanceof Agent ? Object.keys(value).join() : '';
}

function elementsOf(value: unknown): unknown[] {
  try {
    const isShort = (Array.isArray(value) && value.length < 100) || value instanceof Set;
    return isShort ? [...(value as Iterable<unknown>)] : [];
  } catch {
    return [];
  }
}
