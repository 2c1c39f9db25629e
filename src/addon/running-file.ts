import { fileURLToPath } from 'node:url';

/** The file that this code is in: of the package, or a bundle. */
/* v8 ignore next -- the other one in a bundle of ES modules: test/package/bundles.test.ts */
export const runningFile = typeof __filename === 'string' ? __filename : fileOfThisModule();

/** In a bundle of ES modules there is no `__filename`, and `import.meta` must not be written in a CommonJS file. */
/* v8 ignore start -- in a bundle of ES modules: test/package/bundles.test.ts */
function fileOfThisModule(): string {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is put back
  const { prepareStackTrace } = Error;
  try {
    // Not the text of the stack: source maps are applied to that.
    Error.prepareStackTrace = (_, sites) => sites[0]?.getFileName();
    const file = new Error().stack ?? '';
    return file.startsWith('file:') ? fileURLToPath(file) : file;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}
/* v8 ignore stop */
