import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { missingTool } from '../../scripts/prebuild/binary.js';
import { checksums, findFolderFaults } from '../../scripts/prebuild/check.js';
import { findFaults } from '../../scripts/prebuild/faults.js';
import { readGyp } from '../../scripts/prebuild/gyp.js';
import { targets, type Target } from '../../scripts/prebuild/targets.js';
import { damages } from './prebuilds/damages';

const root = path.join(__dirname, '..', '..');
const prebuilds = path.join(root, 'prebuilds');
const isMissing = !existsSync(prebuilds) && 'npm run prebuilds makes the binaries; .ci/run then runs this again';
const cannotRead = process.env['CI'] === undefined && missingTool();
const skip = isMissing || cannotRead;

interface Made {
  readonly target: Target;
  readonly file: Buffer;
}

/** Where they are not made: what was compiled for this machine, of which only what a damage adds is looked at. */
function findMade(): Made[] {
  if (isMissing === false)
    return targets.map((target) => ({ target, file: readFileSync(path.join(prebuilds, target.file)) }));
  const host = targets.find(({ platform, arch }) => platform === process.platform && arch === process.arch);
  if (host?.platform !== 'linux') return [];
  return [{ target: host, file: readFileSync(path.join(root, 'build', 'Release', 'tcp_keepalive.node')) }];
}

void t.test('there is one for each system and CPU', async (t) => {
  t.strictSame(
    targets.map(({ file }) => file),
    [
      'linux-x64/tcp-keepalive.glibc.node',
      'linux-x64/tcp-keepalive.musl.node',
      'linux-arm64/tcp-keepalive.armv8.glibc.node',
      'linux-arm64/tcp-keepalive.armv8.musl.node',
      'linux-arm/tcp-keepalive.armv7.glibc.node',
      'linux-arm/tcp-keepalive.armv7.musl.node',
      'linux-ppc64/tcp-keepalive.glibc.node',
      'linux-s390x/tcp-keepalive.glibc.node',
      'linux-riscv64/tcp-keepalive.glibc.node',
      'linux-loong64/tcp-keepalive.glibc.node',
      'darwin-x64/tcp-keepalive.node',
      'darwin-arm64/tcp-keepalive.node',
      'win32-x64/tcp-keepalive.node',
      'win32-arm64/tcp-keepalive.node',
    ],
  );
});

void t.test('none has a fault', { skip }, async (t) => {
  t.strictSame(findFolderFaults(prebuilds), []);
});

void t.test('each damage is seen', { skip: cannotRead }, async (t) => {
  const made = findMade();
  for (const { name, on, damage, fault } of damages) {
    for (const { target, file } of made.filter(({ target }) => on(target))) {
      const seen = (bytes: Buffer) => findFaults(target, bytes).filter((text) => fault.test(text));
      t.strictSame(seen(file), [], `${target.file}, before ${name}`);
      t.not(seen(damage(file)).length, 0, `${target.file}, after ${name}`);
    }
  }
});

void t.test('none can stand in for another', { skip }, async (t) => {
  for (const { target } of findMade()) {
    for (const { target: other, file } of findMade()) {
      t.equal(findFaults(target, file).length === 0, target === other, `${other.file} as ${target.file}`);
    }
  }
});

void t.test('a folder: each fault names its file', { skip }, async (t) => {
  const folder = path.join(t.testdir({}), 'prebuilds');
  cpSync(prebuilds, folder, { recursive: true });
  const [lost, damaged] = ['darwin-x64/tcp-keepalive.node', 'linux-arm/tcp-keepalive.armv7.musl.node'];
  rmSync(path.join(folder, lost));
  writeFileSync(path.join(folder, damaged), 'nothing');
  writeFileSync(path.join(folder, 'linux-x64', 'other.node'), '');
  t.match(findFolderFaults(folder), [
    new RegExp(`^${damaged} cannot be read: `),
    `${lost} is missing`,
    'linux-x64/other.node does not belong here',
    `${damaged} does not have the checksum in ${checksums}`,
    `linux-x64/other.node does not have the checksum in ${checksums}`,
  ]);
  rmSync(path.join(folder, checksums));
  t.match(findFolderFaults(folder), [String, String, String, `${checksums} is missing`]);
});

void t.test('no folder: all are missing', async (t) => {
  const faults = findFolderFaults(path.join(t.testdir({}), 'prebuilds'));
  t.strictSame(faults, [...targets.map(({ file }) => `${file} is missing`), `${checksums} is missing`]);
});

void t.test('the checksums are what sha256sum reads', { skip: isMissing }, async (t) => {
  const checked = execFileSync('sha256sum', ['--check', '--strict', checksums], { cwd: prebuilds, encoding: 'utf8' });
  t.strictSame(checked.trimEnd().split('\n').length, targets.length);
});

void t.test('node-gyp-build finds each where it is', async (t) => {
  const folder = path.join(t.testdir({}), 'prebuilds');
  for (const { file } of targets) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), '');
  }
  const find = `require('node-gyp-build').path(${JSON.stringify(path.dirname(folder))})`;
  for (const { platform, arch, libc, file } of targets) {
    const machine = { npm_config_platform: platform, npm_config_arch: arch, ...(libc && { LIBC: libc }) };
    const env = { ...process.env, ...machine, ...(arch === 'arm' && { ARM_VERSION: '7' }) };
    const found = execFileSync(process.execPath, ['-p', find], { cwd: root, env, encoding: 'utf8' });
    t.equal(found.trimEnd(), path.join(folder, file));
  }
});

void t.test('each source of native/ belongs to an OS', async (t) => {
  const folder = path.join(root, 'native');
  const { sources } = readGyp(root, 'linux');
  const included = sources.flatMap((source) => {
    const text = readFileSync(path.join(folder, source), 'utf8');
    return [source, ...[...text.matchAll(/^#include "(.*\.cc)"$/gm)].map(([, name]) => name)];
  });
  const files = readdirSync(folder).filter((name) => name.endsWith('.cc'));
  t.strictSame([...new Set(included)].sort(), files.sort());
});

void t.test('scripts/prebuild/host.js: the binary of this machine, by its own compiler', async (t) => {
  const copy = t.testdir({});
  for (const name of ['binding.gyp', 'native', 'package.json', 'scripts'])
    cpSync(path.join(root, name), path.join(copy, name), {
      recursive: true,
      filter: (file) => !file.includes('node_modules'),
    });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  const out = path.join(copy, 'out');
  const script = path.join(copy, 'scripts', 'prebuild', 'host.js');
  const said = execFileSync(process.execPath, [script, out], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const file = said.trimEnd().split('\n').at(-1)!;
  const { arch, platform } = process;
  const found = targets.filter((target) => path.join(out, 'prebuilds', target.file) === file);
  t.match(found, [{ platform, arch }], `${file}: a name of the package's own`);
  const { optionNames } = require(file) as { optionNames: string[] };
  t.ok(optionNames.length > 0, 'it loads');
});
