// Compiles programs in strict TypeScript, as a user of the package would.
import path from 'node:path';
import type { Test } from 'tap';
import ts from 'typescript';

export const forNode: ts.CompilerOptions = { types: ['node'], lib: ['lib.es2022.d.ts'] };
export const forPages: ts.CompilerOptions = {
  types: [],
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
};

/**
 * Writes the files in a folder and compiles those that are TypeScript. Each error fails the test.
 * @returns the folder
 */
export function compile(t: Test, files: Record<string, string>, options = forNode): string {
  const folder = t.testdir(files);
  const sources = Object.keys(files).filter((name) => /\.m?ts$/.test(name));
  const built = ts.createProgram(
    sources.map((name) => path.join(folder, name)),
    {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      esModuleInterop: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      ...options,
    },
  );
  const { diagnostics } = built.emit();
  const problems = [...ts.getPreEmitDiagnostics(built), ...diagnostics].map(({ messageText, start = 0, file }) => {
    const line = file?.text.slice(0, start).split('\n').length ?? 0;
    const where = `${file === undefined ? '' : path.basename(file.fileName)}: ${file?.text.split('\n')[line - 1]}`;
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
  t.strictSame(problems, [], 'they compile in strict TypeScript');
  return folder;
}
