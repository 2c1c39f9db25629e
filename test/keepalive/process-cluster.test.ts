// applyKeepaliveToProcess and the register in a cluster, whose listener is in the primary (round robin) or in all workers.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { heldBy } from '../support/oracle';
import { profile } from '../support/profiles';

const program = require.resolve('../support/process-cluster.js');
const register = ['--require', 'tcp-keepalive/register'];
const root = path.join(__dirname, '..', '..');
const { initialDelay, interval, count, userTimeout } = profile;
const env = {
  ...process.env,
  NODE_OPTIONS: undefined,
  TCP_KEEPALIVE_SERVERS: `${initialDelay}ms/${interval}ms/${count}/${userTimeout}ms`,
};

/**
 * [the policy, who calls, under the register, the calls for the first connection]. A round-robin worker cannot know that
 * its primary has the profile before it has looked at one connection: 5 calls, and 6 that try the profile.
 */
const cases: [string, string, boolean, number][] = [
  ['round robin', 'nobody', true, 11],
  ['round robin', 'primary', false, 0],
  ['none', 'nobody', true, 0],
  ['none', 'worker', false, 0],
];

for (const [policy, who, registered] of [...cases, ['round robin', 'worker', false, NaN] as const]) {
  void t.test(`policy ${policy}, ${registered ? 'the register' : `a call in the ${who}`}: the profile`, async (t) => {
    const args = [...(registered ? register : []), program, policy.replace(/ .*/, ''), who, '4', 'read'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8', timeout: 60_000 });
    t.equal(stderr, '');
    t.strictSame(JSON.parse(stdout), Array(4).fill(expected(policy, who)));
  });
}

/** Where only the primary has the package, its workers’ own `keepAlive` sets what it can set after the profile. */
function expected(policy: string, who: string): number[] {
  return policy === 'round robin' && who === 'primary' ? [1, 9, 1, 10, userTimeout] : heldBy(profile);
}

const strace = spawnSync('strace', ['-V']).error === undefined;

for (const [policy, who, registered, first] of cases) {
  const name = `policy ${policy}, ${registered ? 'the register' : `a call in the ${who}`}: system calls`;
  void t.test(name, { skip: !strace && 'strace is not installed' }, async (t) => {
    const traced = (connections: number) => {
      const file = path.join(t.testdir({}), 'trace');
      const args = ['-f', '-o', file, '-e', 'trace=getsockopt,setsockopt,accept4', process.execPath];
      args.push(...(registered ? register : []), program, policy.replace(/ .*/, ''), who, String(connections));
      const { status, stderr } = spawnSync('strace', args, { cwd: root, env, encoding: 'utf8', timeout: 60_000 });
      t.equal(status, 0, stderr);
      const lines = readFileSync(file, 'utf8').split('\n');
      const matching = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
      return { accepted: matching(/accept4.*\)\s+= \d+$/), calls: matching(/SO_KEEPALIVE|TCP_KEEP|TCP_USER_TIMEOUT/) };
    };
    const none = traced(0);
    const one = traced(1);
    const many = traced(21);
    t.strictSame([none.accepted, one.accepted, many.accepted], [0, 1, 21]);
    t.ok(none.calls >= 6, `the listener: ${none.calls} calls`);
    t.equal(one.calls - none.calls, first, 'the first connection');
    t.equal(many.calls, one.calls, 'and 20 more connections: not one more');
  });
}
