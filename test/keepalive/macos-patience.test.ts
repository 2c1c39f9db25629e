// A profile on peers that macOS may hold a long silence against, over a Linux kernel that plays it
// (test/native/macos_order.cc). Nothing here has run on macOS.
import path from 'node:path';
import t from 'tap';
import { held, testAddons } from '../support/oracle';
import { poll } from '../support/poll';
import { tcpPair } from '../support/sockets';

/** The kernel behind it takes the seconds of the user timeout for milliseconds: a lost probe or two must not end it. */
const profile = { initialDelay: 1_000, interval: 1_000, count: 3, userTimeout: 4_500_500 };
/** The third probe has gone out after 4.5 s at the latest. */
const deadline = 20_000;

void t.test('the highest count first, and the wanted one once all of its probes have gone out', async (t) => {
  const loaded = await import('../../dist/addon/binding.js');
  const addon = require(path.join(testAddons, 'macos_order.node')) as typeof loaded.binding;
  Object.assign(loaded.binding, addon);
  const { platform, platformOf } = await import('../../dist/profile/platform.js');
  Object.assign(platform, platformOf('darwin'));
  const { applyKeepalive } = await import('../../dist/keepalive/apply.js');

  const { client } = await tcpPair(t);
  const begin = performance.now();
  applyKeepalive(client, profile);
  t.strictSame(held(client), [1, 1, 1, 127, 4_501], 'in whole seconds');
  applyKeepalive(client, { ...profile });
  t.strictSame(held(client), [1, 1, 1, 127, 4_501], 'applying again changes nothing');
  await poll('taken back', () => held(client)[3] === 3, deadline);
  t.ok(performance.now() - begin >= 3_000, 'not before the third probe');
  t.strictSame(held(client), [1, 1, 1, 3, 4_501]);
});
