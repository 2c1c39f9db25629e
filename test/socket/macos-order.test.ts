// What macOS does otherwise, over a Linux kernel that plays it (test/native/macos_order.cc). Runs again with
// test/native/interposer.c preloaded, which writes down every socket option call.
import { constants } from 'node:os';
import type { Socket } from 'node:net';
import t from 'tap';
import { Slot } from '../../dist/addon/binding.js';
import { Call, fdOf, held, optionName, options, oracle, poke } from '../support/oracle';
import { withInterposer } from '../support/rerun';
import { tcpPair } from '../support/sockets';
import { testAddon } from '../support/test-addon';

withInterposer(__filename, interposed);

const { addon, apply } = testAddon('macos_order.node');
const { absent } = addon;

/** The options that were set, in their order. */
function setBy(socket: Socket, run: () => number): (string | undefined)[] {
  oracle.takeCalls();
  t.equal(run(), 0);
  const calls = oracle.takeCalls().filter(([fd, isSet]) => fd === fdOf(socket) && isSet === 1);
  return calls.map(([, , level, name]) => optionName(level!, name!));
}

function interposed(): void {
  void t.test('enabled first, the initial delay last', async (t) => {
    const { client } = await tcpPair(t);
    t.strictSame(
      setBy(client, () => apply(fdOf(client), [1, 30, 5, 3, absent])),
      ['SO_KEEPALIVE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT', 'TCP_KEEPIDLE'],
    );
    t.strictSame(held(client), [1, 30, 5, 3, 0]);
  });

  void t.test('the initial delay starts the timer, so it is set with SO_KEEPALIVE although it is there', async (t) => {
    const { client } = await tcpPair(t);
    poke(client, 'TCP_KEEPIDLE', 30);
    const order = setBy(client, () => apply(fdOf(client), [1, 30, 75, 9, absent]));
    t.strictSame(order, ['SO_KEEPALIVE', 'TCP_KEEPIDLE']);
  });

  void t.test('on an enabled socket only what differs is set, and keepalive stays on', async (t) => {
    const { client } = await tcpPair(t);
    apply(fdOf(client), [1, 30, 5, 3, absent]);
    const setByDelay = (delay: number) => setBy(client, () => apply(fdOf(client), [1, delay, 5, 3, absent]));
    t.strictSame(setByDelay(30), []);
    t.strictSame(setByDelay(31), ['TCP_KEEPIDLE']);
    t.strictSame(
      setBy(client, () => apply(fdOf(client), [0, absent, absent, absent, absent])),
      ['SO_KEEPALIVE'],
    );
    t.strictSame(held(client), [0, 31, 5, 3, 0]);
  });

  void t.test('for a peer that may have been silent for long, the count is first the highest', async (t) => {
    const { client } = await tcpPair(t);
    const lend = () => apply(fdOf(client), [1, 30, 5, 3, absent], 0);
    // Linux, which plays macOS here, takes no more than 127.
    t.equal(lend(), 0);
    t.strictSame(held(client), [1, 30, 5, 127, 0]);
    t.equal(addon.slots[Slot.lent], 124);
    apply(fdOf(client), [1, 30, 5, 3, absent]);
    t.strictSame(setBy(client, lend), [], 'not where the profile is there already');
    t.equal(addon.slots[Slot.lent], 0);
  });

  void t.test('after a refusal everything is restored', async (t) => {
    const { client } = await tcpPair(t);
    const before = held(client);
    oracle.refuse(Call.setsockopt, ...options.TCP_KEEPIDLE, 0, 1, constants.errno.EPERM);
    t.equal(apply(fdOf(client), [1, 30, 5, 3, absent]), -constants.errno.EPERM);
    t.strictSame(held(client), before);
  });
}
