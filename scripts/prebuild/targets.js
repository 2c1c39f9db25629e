'use strict';
// The binaries: where node-gyp-build looks for each, what makes it, and what it has to be.

/**
 * @typedef {object} Target
 * @property {'linux' | 'darwin' | 'win32'} platform
 * @property {'x64' | 'arm64' | 'arm' | 'ppc64' | 's390x' | 'riscv64' | 'loong64'} arch as Node names it
 * @property {'glibc' | 'musl'} [libc]
 * @property {string} file below prebuilds/
 * @property {'linux' | 'mac' | 'win'} os as gyp names it
 * @property {string} triple what Zig compiles for
 * @property {readonly string[]} compile
 * @property {readonly string[]} link
 * @property {readonly string[]} libraries all that it may need of the system
 * @property {string} [glibc] the latest that it may need
 * @property {string} [minimumOs] of macOS
 * @property {readonly string[]} [linkerExports] what the linker exports by itself
 */

const oldestGlibc = '2.17'; // older than what any Node 20 needs
const macOs = '11.0';

/**
 * @param {Target['arch']} arch @param {string} tag @param {'glibc' | 'musl'} libc @param {string} triple
 * @param {{ cpu?: readonly string[], glibc?: string }} [options] flags for the CPU; the first glibc that has the CPU
 * @returns {Target}
 */
const linux = (arch, tag, libc, triple, { cpu = [], glibc = oldestGlibc } = {}) => ({
  platform: 'linux',
  arch,
  libc,
  file: `linux-${arch}/tcp-keepalive.${tag}${libc}.node`,
  os: 'linux',
  triple: libc === 'glibc' ? `${triple}.${glibc}` : triple,
  compile: ['-fPIC', ...cpu],
  link: ['-Wl,--gc-sections', '-Wl,-z,now', ...cpu],
  libraries: libc === 'glibc' ? ['libc.so.6'] : ['libc.so'],
  ...(libc === 'glibc' ? { glibc } : {}),
});

/** @param {Target['arch']} arch @param {string} cpu @returns {Target} */
const darwin = (arch, cpu) => ({
  platform: 'darwin',
  arch,
  file: `darwin-${arch}/tcp-keepalive.node`,
  os: 'mac',
  triple: `${cpu}-macos.${macOs}`,
  compile: ['-fPIC'],
  // Without an install name the library carries the path that it was linked at.
  link: ['-Wl,-undefined,dynamic_lookup', '-Wl,-dead_strip', '-Wl,-install_name,@rpath/tcp-keepalive.node'],
  libraries: ['/usr/lib/libSystem.B.dylib'],
  minimumOs: macOs,
  linkerExports: ['_mh_dylib_header', '__dso_handle'],
});

/** @param {Target['arch']} arch @param {string} cpu @returns {Target} */
const windows = (arch, cpu) => ({
  platform: 'win32',
  arch,
  file: `win32-${arch}/tcp-keepalive.node`,
  os: 'win',
  triple: `${cpu}-windows-gnu`,
  // Without a C runtime nothing sets up a stack protector or guards a static, and strlen is ours. USING_UV_SHARED makes
  // libuv's functions dllimport, as Node-API's are: see native/windows_node.c.
  compile: ['-fno-stack-protector', '-fno-threadsafe-statics', '-fno-builtin', '-DUSING_UV_SHARED'],
  link: ['-nostdlib', '-Wl,-e,DllMain', '-Wl,-Brepro', '-Wl,--gc-sections', '-lkernel32'],
  libraries: ['KERNEL32.dll', 'WS2_32.dll'],
});

const armv7 = ['-mcpu=generic+v7a'];

exports.targets = [
  linux('x64', '', 'glibc', 'x86_64-linux-gnu'),
  linux('x64', '', 'musl', 'x86_64-linux-musl'),
  linux('arm64', 'armv8.', 'glibc', 'aarch64-linux-gnu'),
  linux('arm64', 'armv8.', 'musl', 'aarch64-linux-musl'),
  linux('arm', 'armv7.', 'glibc', 'arm-linux-gnueabihf', { cpu: armv7 }),
  linux('arm', 'armv7.', 'musl', 'arm-linux-musleabihf', { cpu: armv7 }),
  linux('ppc64', '', 'glibc', 'powerpc64le-linux-gnu', { glibc: '2.19' }),
  linux('s390x', '', 'glibc', 's390x-linux-gnu'),
  linux('riscv64', '', 'glibc', 'riscv64-linux-gnu', { glibc: '2.27' }),
  linux('loong64', '', 'glibc', 'loongarch64-linux-gnu', { glibc: '2.36' }),
  darwin('x64', 'x86_64'),
  darwin('arm64', 'aarch64'),
  windows('x64', 'x86_64'),
  windows('arm64', 'aarch64'),
];
