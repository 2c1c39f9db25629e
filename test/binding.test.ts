import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { loadBinding } from '../dist/binding.js';

const expected = {
  name: 'KeepaliveError',
  code: 'ERR_KEEPALIVE_ADDON',
  message: /could not be loaded.*Tried: .*Release, then .*prebuilds.*Reason: .*What to do: .*npm run compile/s,
};

void t.test('no binary: what was tried and what to do', async (t) => {
  const root = t.testdir({});
  const error = t.throws(() => loadBinding(root), expected) as Error;
  t.match(error.message, root);
  t.type(error.cause, Error);
});

void t.test('a binary that is none: the reason is not hidden', async (t) => {
  const root = t.testdir({});
  mkdirSync(path.join(root, 'build', 'Release'), { recursive: true });
  writeFileSync(path.join(root, 'build', 'Release', 'tcp_keepalive.node'), 'not an ELF file');
  const error = t.throws(() => loadBinding(root), expected) as Error;
  t.match(error.message, /Reason: .*(file too short|invalid ELF header)/);
  t.match(error.cause, { code: 'ERR_DLOPEN_FAILED' });
});
