// What Linux does not need: timing that is set at once and cannot be read (Windows before 10.0.16299), a user timeout in
// whole seconds (macOS). The addon's common part over a kernel that plays them, see test/native/old_system.cc.
// Runs again with test/native/interposer.c preloaded, which refuses calls.
import { constants } from 'node:os';
import t from 'tap';
import { Slot } from '../../dist/addon/binding.js';
import { Call, fdOf, held, options, oracle } from '../support/oracle';
import { withInterposer } from '../support/rerun';
import { tcpPair } from '../support/sockets';
import { testAddon } from '../support/test-addon';

withInterposer(__filename, interposed);

const { addon, apply, tryOut } = testAddon('old_system.node');
const { absent } = addon;
const noSuchOption = -constants.errno.ENOPROTOOPT;
const refused = () => addon.optionNames[addon.slots[Slot.refusedOption]!];

function interposed(): void {
  void t.test('the timing is set in one call, with the fixed count of 10', async (t) => {
    const { client } = await tcpPair(t);
    t.equal(apply(fdOf(client), [1, 30, 5, 10, 45_500]), 0);
    // The kernel behind it counts milliseconds: 46 of what it takes for seconds.
    t.strictSame(held(client), [1, 30, 5, 9, 46], 'the user timeout in seconds, rounded up');
    t.equal(apply(fdOf(client), [0, absent, absent, absent, 0]), 0);
    t.strictSame(held(client), [0, 30, 5, 9, 0], 'and off');
  });

  void t.test('another count is refused before anything is changed', async (t) => {
    const { client } = await tcpPair(t);
    const before = held(client);
    t.equal(apply(fdOf(client), [1, 30, 5, 3, 45_000]), noSuchOption);
    t.equal(refused(), 'TCP_KEEPCNT');
    t.strictSame(held(client), before);
    t.equal(tryOut([1, 30, 5, 3, 45_000]), noSuchOption);
  });

  void t.test('if that call is refused, the user timeout is restored', async (t) => {
    const { client } = await tcpPair(t);
    const before = held(client);
    t.equal(apply(fdOf(client), [1, 0, 5, 10, 45_000]), -constants.errno.EINVAL);
    t.equal(addon.slots[Slot.undoError], 0);
    t.strictSame(held(client), before);
  });

  void t.test('the timing cannot be read', async (t) => {
    const { client } = await tcpPair(t);
    t.equal(addon.read(fdOf(client)), noSuchOption);
    t.equal(refused(), 'TCP_KEEPIDLE');
    t.equal(addon.readSystem(), noSuchOption);
  });

  void t.test('each call refused: nothing was changed, and the error is its own', async (t) => {
    const { client } = await tcpPair(t);
    const before = held(client);
    for (const [call, option, skip] of [
      [Call.getsockopt, 'SO_KEEPALIVE', 0],
      [Call.getsockopt, 'TCP_USER_TIMEOUT', 0],
      [Call.setsockopt, 'TCP_USER_TIMEOUT', 0],
      [Call.setsockopt, 'SO_KEEPALIVE', 0],
    ] as const) {
      oracle.refuse(call, ...options[option], skip, 1, constants.errno.EPERM);
      t.equal(apply(fdOf(client), [1, 30, 5, 10, 45_000]), -constants.errno.EPERM, `${call} ${option}`);
      t.strictSame([held(client)[0], held(client)[4]], [before[0], before[4]]);
    }
  });
}
