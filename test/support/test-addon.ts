import path from 'node:path';
import type { Binding } from '../../dist/addon/binding.js';
import { testAddons } from './oracle';

/** enabled, initialDelay, interval, count, userTimeout, in the kernel's units. */
export type Settings = readonly [number, number, number, number, number];

/** An addon of `test/native` that plays another system. `apply` and `tryOut` put the settings into its slots. */
export function testAddon(file: string) {
  const addon = require(path.join(testAddons, file)) as Binding;
  const apply = (descriptor: number, settings: Settings, room?: number) => {
    addon.slots.set(settings);
    return addon.apply(descriptor, room);
  };
  const tryOut = (settings: Settings) => {
    addon.slots.set(settings);
    return addon.try();
  };
  return { addon, apply, tryOut };
}
