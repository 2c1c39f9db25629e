import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A file that did not load, or a folder in which none fits. */
export interface Attempt {
  readonly path: string;
  readonly error: NodeJS.ErrnoException;
}

/** What a loader says, and what helps. The first that matches counts. */
const advice = [
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

function compile(root: string): string {
  return `no binary in the package fits this system: compile it with a C++17 compiler and Python 3, by \`npm run compile --prefix ${root}\`.`;
}

/** For a package folder `root` in which nothing loaded. */
export function whatToDo(root: string, attempts: readonly Attempt[]): string {
  for (const { error } of attempts) {
    if (error.code === 'ENOENT') continue;
    const known = advice.find(([problem]) => problem.test(error.message));
    if (known !== undefined) return typeof known[1] === 'string' ? known[1] : known[1](root);
  }
  return isPackage(root)
    ? compile(root)
    : 'this is a bundle: copy node_modules/tcp-keepalive/prebuilds beside it, or keep tcp-keepalive out of it (external).';
}

function isPackage(root: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { name?: unknown };
    return name === 'tcp-keepalive';
  } catch {
    return false;
  }
}
