// docs/platforms.md claims for each binary what was seen of it, and no more: its table is what the matrix runs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { cells } from '../../scripts/matrix/cells.js';
import { targets, type Target } from '../../scripts/prebuild/targets.js';

const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'platforms.md'), 'utf8');
/** Without what prettier aligns. */
const lines = page.split('\n').map((line) => line.replaceAll(/ +/g, ' '));

const cellsOf = ({ platform, arch, file }: Target) =>
  cells.filter(({ binary, version, refuses }) =>
    platform === 'linux' ? binary === file : refuses !== true && version.endsWith(` ${platform}-${arch}`),
  );

/** 'Node 20.20, 22.23; Bun 1.4' */
function runtimes(target: Target): string {
  const versions: Record<string, string[]> = {};
  for (const { version } of cellsOf(target)) {
    const [, name = '', release = ''] = /^(v|Bun |Deno )(\d+\.\d+)/.exec(version)!;
    (versions[name === 'v' ? 'Node' : name.trim()] ??= []).push(release);
  }
  return Object.entries(versions)
    .map(([name, releases]) => `${name} ${releases.join(', ')}`)
    .join('; ');
}

function trust(target: Target): string {
  const emulators = new Set(cellsOf(target).map(({ emulator }) => emulator));
  if (emulators.size === 0) return 'checked, never run';
  t.equal(emulators.size, 1, `${target.file}: all are run in one way`);
  const [emulator] = emulators;
  return emulator === undefined ? 'run' : `emulated (${emulator})`;
}

void t.test('each binary is in the table, with what was run of it', async (t) => {
  for (const target of targets) {
    const name = path.dirname(target.file);
    const row = ['', `\`${name}\``, target.libc ?? '', trust(target), runtimes(target), ''].join(' | ').trim();
    const expected = row.replaceAll(/ +/g, ' ');
    const found = lines.filter((line) => line.startsWith(`| \`${name}\` | ${target.libc ?? ''}`.trimEnd()));
    t.strictSame(found, [expected]);
  }
});

void t.test('nothing else is in it', async (t) => {
  const rows = lines.filter((line) => /^\| `(linux|darwin|win32)-/.test(line));
  t.equal(rows.length, targets.length);
});

void t.test('the smallest glibc of each is said', async (t) => {
  const glibcs = new Set(targets.map(({ glibc }) => glibc).filter((glibc) => glibc !== undefined));
  for (const glibc of glibcs) t.match(page, `glibc ${glibc}`);
});
