import t from 'tap';
import { libcOf, runningLibc } from '../../dist/addon/libc.js';

/** Lines of /proc/PID/maps. */
const maps = (...files: string[]) =>
  ['/usr/bin/node', '/usr/lib/libstdc++.so.6.0.30', ...files]
    .map((file, i) => `7f0${i}00000000-7f0${i}00001000 r-xp 00000000 08:01 123                        ${file}\n`)
    .join('') + '7ffd00000000-7ffd00001000 r-xp 00000000 00:00 0                          [vdso]\n';

void t.test('the C library is recognized by the files that are mapped', async (t) => {
  for (const [name, file] of [
    ['Debian', '/usr/lib/x86_64-linux-gnu/libc.so.6'],
    ['Debian 11', '/lib/x86_64-linux-gnu/libc-2.31.so'],
    ['NixOS', '/nix/store/abc-glibc-2.40-66/lib/libc.so.6'],
  ] as const) {
    t.equal(libcOf(maps(file)), 'glibc', name);
  }
  for (const [name, file] of [
    ['Alpine', '/lib/ld-musl-x86_64.so.1'],
    ['Alpine, arm64', '/lib/ld-musl-aarch64.so.1'],
    ['Debian’s musl', '/usr/lib/x86_64-linux-musl/libc.so'],
    ['Void', '/usr/lib/libc.so'],
  ] as const) {
    t.equal(libcOf(maps(file)), 'musl', name);
  }
  t.equal(libcOf(''), 'glibc');
});

void t.test(
  'it is the one that Node’s own report names',
  { skip: process.platform !== 'linux' && 'Linux' },
  async (t) => {
    const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    t.equal(runningLibc(), header.glibcVersionRuntime === undefined ? 'musl' : 'glibc');
  },
);
