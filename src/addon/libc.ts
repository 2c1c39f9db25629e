import { readFileSync } from 'node:fs';

/** The C libraries that a Linux binary can be linked with. */
export type Libc = 'glibc' | 'musl';

/**
 * The C library of this process, from the files that are mapped into it. /etc/alpine-release is missing in other musl
 * distributions; `process.report` takes 7 ms in Node 20 and is invented in Deno.
 */
export function runningLibc(): Libc {
  // There is no Deno for musl, and reading /proc would ask the user for permission.
  /* v8 ignore next -- Deno: npm run matrix */
  if (process.versions['deno'] !== undefined) return 'glibc';
  try {
    return libcOf(readFileSync('/proc/self/maps', 'latin1'));
    /* v8 ignore next 3 -- confined or without /proc: npm run matrix */
  } catch {
    return reportedLibc(); // no /proc, or no permission to read it
  }
}

/* v8 ignore next 4 -- confined or without /proc: npm run matrix */
function reportedLibc(): Libc {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/** From the text of `/proc/PID/maps`. musl is one file, loader and library, under either name. */
export function libcOf(maps: string): Libc {
  return /\/(?:ld-musl-[^/\n]*|libc\.so)$/m.test(maps) ? 'musl' : 'glibc';
}
