import t from 'tap';
import { applyKeepalive, defineProfile, profiles } from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { tcpPair } from '../support/sockets';

void t.test('every named profile is frozen, valid, and taken by the kernel', async (t) => {
  const { accepted } = await tcpPair(t);
  t.ok(Object.isFrozen(profiles));
  for (const [name, profile] of Object.entries(profiles)) {
    t.ok(Object.isFrozen(profile), name);
    t.equal(profile.userTimeout, 'match');
    t.strictSame(defineProfile(profile), profile);
    applyKeepalive(accepted, profile);
    t.strictSame(held(accepted), heldBy(profile), name);
  }
});

void t.test(
  'cloudLoadBalancer stays below the shortest idle timeout even with every probe but the last lost',
  async (t) => {
    const { initialDelay, interval, count } = profiles.cloudLoadBalancer;
    t.ok(initialDelay + interval * count < 4 * 60_000);
  },
);
