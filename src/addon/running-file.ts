import { fileURLToPath } from 'node:url';

/** The file that contains this code: one of the package, or a bundle. */
/* v8 ignore next -- the other one in a bundle of ES modules: test/package/bundles.test.ts */
export const runningFile = typeof __filename === 'string' ? __filename : fileOfThisModule();

/** A bundle of ES modules has no `__filename`, and a CommonJS file must not contain `import.meta`. */
/* v8 ignore start -- in a bundle of ES modules: test/package/bundles.test.ts */
function fileOfThisModule(): string {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is put back
  const { prepareStackTrace } = Error;
  try {
    // Not the text of the stack, to which source maps are applied.
    Error.prepareStackTrace = (_, sites) => sites[0]?.getFileName();
    const file = new Error().stack ?? '';
    return file.startsWith('file:') ? fileURLToPath(file) : file;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}
/* v8 ignore stop */
