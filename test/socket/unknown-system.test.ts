// The addon as it is on an operating system that native/ has no file for: every call is a real refusal.
import { constants } from 'node:os';
import t from 'tap';
import { platformOf } from '../../dist/profile/platform.js';
import { Slot } from '../../dist/addon/binding.js';
import { testAddon } from '../support/test-addon';

const refused = -constants.errno.ENOPROTOOPT;

void t.test('every call of the addon is refused', async (t) => {
  const { addon, apply, tryOut } = testAddon('unsupported.node');
  t.equal(addon.read(0), refused);
  t.equal(addon.optionNames[addon.slots[Slot.refusedOption]!], 'SO_KEEPALIVE');
  t.equal(addon.readSystem(), refused);
  t.equal(apply(0, [1, 30, 5, 3, 0]), refused);
  t.equal(tryOut([1, 30, 5, 3, 0]), refused);
  t.notOk('findSocket' in addon);
});

void t.test('profiles can be defined there, but no user timeout', async (t) => {
  const { limits, ...rest } = platformOf('sunos');
  t.equal(limits.userTimeout, null);
  t.match(rest, { tcpInfo: false, listenerInheritance: false });
});
