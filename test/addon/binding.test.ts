import { copyFileSync, fstatSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { candidates, runningTarget, type Target } from '../../dist/addon/addon-file.js';
import { loadBinding } from '../../dist/addon/binding.js';
import type { KeepaliveError } from '../../dist/util/errors.js';

const root = path.join(__dirname, '..', '..');
const addon = path.join(root, 'build', 'Release', 'tcp_keepalive.node');
const garbage = 'not an ELF file';
const here = runningTarget();
const system = `${here.platform}-${here.arch}`;

/** A folder of a package with these files: their text, or null for the real addon. */
function packageWith(t: Test, files: Record<string, string | null>): string {
  const root = t.testdir({ 'package.json': '{ "name": "tcp-keepalive" }' });
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (text === null) copyFileSync(addon, file);
    else writeFileSync(file, text);
  }
  return root;
}

function refusal(t: Test, root: string, target: Target = here): KeepaliveError {
  const bundle = path.join(root, 'dist');
  return t.throws(() => loadBinding(root, bundle, target), { code: 'ERR_KEEPALIVE_ADDON' }) as KeepaliveError;
}

/** The prebuilt file that is chosen. */
function chosen(t: Test, names: string[], target: Partial<Target>): string {
  const full: Target = { platform: 'linux', arch: 'x64', armVersion: undefined, libc: () => 'glibc', ...target };
  const folder = `prebuilds/${full.platform}-${full.arch}`;
  const root = packageWith(t, Object.fromEntries(names.map((name) => [`${folder}/${name}`, ''])));
  const [, prebuilt] = candidates(root, path.join(root, 'dist'), full);
  return path.basename(prebuilt!.file());
}

void t.test('no binary: each place that was tried, and what to do', async (t) => {
  const name = 'EPERM, an ELF header'; // no reason, only a name
  const root = path.join(packageWith(t, { [`${name}/package.json`]: '{ "name": "tcp-keepalive" }' }), name);
  const error = refusal(t, root);
  t.equal(error.name, 'KeepaliveError');
  t.match(error.cause, { code: 'ENOENT' });
  for (const place of ['build/Release/tcp_keepalive.node', `prebuilds/${system}`, `dist/prebuilds/${system}`]) {
    t.match(error.message, `- ${path.join(root, place)}: not there`);
  }
  t.match(error.message, /no binary in the package fits this system: compile it .*npm run compile --prefix /);
});

void t.test('a file that is not a binary: the message gives the loader’s reason', async (t) => {
  const error = refusal(t, packageWith(t, { 'build/Release/tcp_keepalive.node': garbage }));
  t.match(error.message, /tcp_keepalive\.node: .*(file too short|invalid ELF header)/);
  t.match(error.message, /What to do: the file is damaged or of another system/);
  t.match(error.cause, { code: 'ERR_DLOPEN_FAILED' });
});

void t.test('a compiled file that does not load does not hide the prebuilt one', async (t) => {
  const name = `prebuilds/${system}/tcp-keepalive.node`;
  const root = packageWith(t, { 'build/Release/tcp_keepalive.node': garbage, [name]: null });
  t.ok('readSystem' in loadBinding(root, path.join(root, 'dist')));
});

void t.test('a prebuild beside a bundle', async (t) => {
  const root = packageWith(t, { [`out/prebuilds/${system}/tcp-keepalive.node`]: null });
  writeFileSync(path.join(root, 'package.json'), '{ "name": "an-application" }');
  t.ok('readSystem' in loadBinding(root, path.join(root, 'out')));
  t.match(
    refusal(t, root).message,
    /What to do: this is a bundle: copy node_modules\/tcp-keepalive\/prebuilds beside it/,
  );
});

void t.test('addons with another name are not loaded', async (t) => {
  const root = packageWith(t, { 'build/Release/other.node': null, [`prebuilds/${system}/other.node`]: null });
  t.match(refusal(t, root).message, /none of these is for .*: other\.node/);
});

void t.test('the prebuild for the C library and the CPU', async (t) => {
  const x64 = ['tcp-keepalive.glibc.node', 'tcp-keepalive.musl.node'];
  t.equal(chosen(t, x64, {}), 'tcp-keepalive.glibc.node');
  t.equal(chosen(t, x64, { libc: () => 'musl' }), 'tcp-keepalive.musl.node');
  t.equal(chosen(t, [...x64].reverse(), {}), 'tcp-keepalive.glibc.node');
  t.throws(() => chosen(t, ['tcp-keepalive.glibc.node'], { libc: () => 'musl' }), { message: /is for musl/ });

  const arm64 = ['tcp-keepalive.armv8.glibc.node', 'tcp-keepalive.armv8.musl.node'];
  t.equal(chosen(t, arm64, { arch: 'arm64', armVersion: '8', libc: () => 'musl' }), arm64[1]);
  const arm = ['tcp-keepalive.armv7.glibc.node', 'tcp-keepalive.armv7.musl.node'];
  t.equal(chosen(t, arm, { arch: 'arm', armVersion: '7' }), arm[0]);
  t.throws(() => chosen(t, arm, { arch: 'arm', armVersion: '6' }), { message: /is for armv6 and glibc/ });

  const asked = () => t.fail('asked for the C library') as never;
  t.equal(chosen(t, ['tcp-keepalive.node'], { platform: 'win32', libc: asked }), 'tcp-keepalive.node');
});

void t.test('the remedy fits what the loader says', async (t) => {
  const said = (message: string) => {
    const target: Target = { ...here, armVersion: undefined, libc: () => { throw new Error(message); } }; // prettier-ignore
    return refusal(t, packageWith(t, { [`prebuilds/${system}/tcp-keepalive.glibc.node`]: garbage }), target).message;
  };
  t.match(said("/lib/libc.so.6: version `GLIBC_2.99' not found (required by x.node)"), 'compile it with');
  t.match(said('x.node: failed to map segment from shared object: Operation not permitted'), 'noexec');
  t.match(said('Requires ffi access to "x", run again with the --allow-ffi flag'), '--allow-sys=uid');
  t.match(said('dlopen(x.node, 1): mach-o file, but is an incompatible architecture'), 'of another system');
});

void t.test('a prebuilt file with unknown tags is not loaded', async (t) => {
  t.throws(
    () => chosen(t, ['other.node'], { platform: 'darwin', arch: 'arm64' }),
    /none of these is for this system: other/,
  );
});

void t.test('closeDuplicate closes the descriptor', async (t) => {
  const descriptor = openSync(__filename, 'r');
  loadBinding(root, __dirname, here).closeDuplicate(descriptor);
  t.throws(() => fstatSync(descriptor), { code: 'EBADF' });
});

void t.test('no package around: the advice is for a bundle', async (t) => {
  const root = path.join(t.testdir({ elsewhere: {} }), 'elsewhere');
  t.match(refusal(t, root).message, /this is a bundle: copy node_modules/);
});
