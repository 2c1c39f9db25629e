import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A file that did not load, or a folder in which none fits. */
export interface Attempt {
  readonly path: string;
  readonly error: NodeJS.ErrnoException;
}

/** Messages of loaders, and what to do. The first match counts. */
const advice = [
  [/ERR_DLOPEN_DISABLED|ERR_ACCESS_DENIED/, permit],
  [/run again with the --allow-/, 'give Deno the permissions: --allow-ffi --allow-read --allow-sys=uid.'],
  [
    /not permitted|failed to map segment|EACCES|EPERM/,
    'the file may be neither read nor executed here: look at its permissions, and at the mount (noexec).',
  ],
  [/GLIBC_|GLIBCXX_|symbol not found|Error relocating|undefined symbol|libc\.so/, compile],
  [
    /ELF header|ELF class|file too short|Win32 application|mach-o file|incompatible architecture/,
    'the file is damaged or of another system, as when node_modules was copied: install on the machine (or image) that runs it.',
  ],
] as const;

function permit(root: string): string {
  const model = (process as { permission?: unknown }).permission;
  /* v8 ignore next 2 -- one of both in each process */
  if (model === undefined) return 'this Node was started with --no-addons: start it without.';
  return `start Node with these permissions too: --allow-addons --allow-fs-read=${path.join(root, '*')}`;
}

function compile(root: string): string {
  return `no binary in the package fits this system: compile it with a C++17 compiler and Python 3, by \`npm run compile --prefix ${root}\`.`;
}

/** For a package folder `root` in which nothing loaded. */
export function whatToDo(root: string, attempts: readonly Attempt[]): string {
  for (const { error } of attempts) {
    if (error.code === 'ENOENT') continue;
    const known = advice.find(([problem]) => problem.test(`${error.code}: ${error.message}`));
    if (known !== undefined) return typeof known[1] === 'string' ? known[1] : known[1](root);
  }
  if (!isPackage(root)) {
    return 'this is a bundle: copy node_modules/tcp-keepalive/prebuilds beside it, or keep tcp-keepalive out of it (external).';
  }
  return existsSync(path.join(root, 'prebuilds')) ? compile(root) : reinstall;
}

/** Folders that every package has, for every system. */
const reinstall =
  'the package has lost its folder `prebuilds`, as when only some of its files were copied: install tcp-keepalive again.';

function isPackage(root: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { name?: unknown };
    return name === 'tcp-keepalive';
  } catch {
    return false;
  }
}
