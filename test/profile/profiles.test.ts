import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { checkProfile, defineProfile, detectionTime, profiles, type KeepalivePath } from 'tcp-keepalive';
import { heldBy } from '../support/oracle';
import { holder } from '../support/profiles';
import { latestProbe } from '../support/timer-wheel';

void t.test('every named profile is frozen, valid, and accepted by the kernel', async (t) => {
  const { put } = await holder(t);
  t.ok(Object.isFrozen(profiles));
  for (const [name, profile] of Object.entries(profiles)) {
    t.ok(Object.isFrozen(profile), name);
    t.equal(profile.userTimeout, 'match');
    t.strictSame(defineProfile(profile), profile);
    t.strictSame(put(profile), heldBy(profile), name);
  }
});

const linuxOnly = { skip: process.platform !== 'linux' && 'Linux formulas' };

void t.test('what the kernel holds for each named profile', linuxOnly, async (t) => {
  const timeouts = Object.entries(profiles).map(([name, profile]) => [name, heldBy(profile).at(-1)]);
  t.strictSame(Object.fromEntries(timeouts), {
    presence: 45_000,
    eventStream: 374_042, // at 1000 Hz: 332.768 + 2 * 20.512, and 0.25
    lowPower: 632_490, // at 100 Hz: 590.96 + 2 * 20.64, and 0.25
    mobileNat: 300_730, // at 250 Hz: 256.384 + 2 * 22.048, and 0.25
    cloudLoadBalancer: 237_146, // at 250 Hz: 216.384 + 2 * 10.256, and 0.25
    dataCenter: 30_000,
  });
});

/** The shortest idle timeout that each one's doc comment allows for. */
const shortestPaths: Record<keyof typeof profiles, number> = {
  presence: 33_000,
  eventStream: 333_000,
  lowPower: 591_000,
  mobileNat: 257_000,
  cloudLoadBalancer: 240_000,
  dataCenter: 17_000,
};

void t.test('each has no danger and no warning on the path that it is for', async (t) => {
  for (const [name, profile] of Object.entries(profiles)) {
    const idleTimeout = shortestPaths[name as keyof typeof profiles];
    const paths: KeepalivePath[] = [{}, { idleTimeout }, { idleTimeout, connections: 1_000_000, device: 'other' }];
    for (const path of paths) t.match(checkProfile(profile, path), [{ code: 'SLOW_CONSUMERS_MAY_END' }], name);
    for (const path of paths) t.equal(checkProfile(profile, path).length, 1, name);
    t.strictSame(checkProfile(profile, { connections: 1_000_000 }).map(severity), ['note', 'note'], 'any device');
  }
  const tooShort = { idleTimeout: 256_384 };
  t.match(checkProfile(profiles.mobileNat, tooShort), [{}, { code: 'IDLE_TIMEOUT_TOO_SHORT', severity: 'danger' }]);
});

function severity({ severity }: { severity: string }): string {
  return severity;
}

void t.test('cloudLoadBalancer: even the last probe comes before the path forgets', async (t) => {
  t.equal(latestProbe(profiles.cloudLoadBalancer, 3), 236_896);
});

void t.test('the times in the doc comments are those of detectionTime', linuxOnly, async (t) => {
  const source = readFileSync(path.join(__dirname, '..', '..', 'src', 'profile', 'profiles.ts'), 'utf8');
  for (const [name, profile] of Object.entries(profiles)) {
    const { idle, atMost } = detectionTime(profile);
    const [, comment = ''] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s+${name}: `).exec(source) ?? [];
    t.match(comment.replace(/\s+\*?\s*/g, ' '), `noticed within ${inWords(idle)}, or ${inWords(atMost!)}.`, name);
  }
});

/** In minutes from 100 s on. */
function inWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  return seconds < 100 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
