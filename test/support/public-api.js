'use strict';
// The public names of each entry point, as a user's compiler finds them in dist/.
const { readFileSync } = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const root = path.join(__dirname, '..', '..');

/**
 * @typedef {{ specifier: string, name: string, isType: boolean, declarations: readonly import('typescript').Declaration[],
 *   symbol: import('typescript').Symbol }} PublicName
 */

/** @returns {{ names: PublicName[], checker: import('typescript').TypeChecker }} */
exports.publicNames = function publicNames() {
  const { name: packageName, exports: map } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  /** @type {Map<string, string>} */
  const entries = new Map();
  for (const [key, target] of Object.entries(map)) {
    if (!target.endsWith('.js')) continue;
    entries.set(path.posix.join(packageName, key), path.join(root, target.replace(/\.js$/, '.d.ts')));
  }
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, types: ['node'], strict: true };
  const program = ts.createProgram([...entries.values()], options);
  const checker = program.getTypeChecker();
  const names = [...entries].flatMap(([specifier, file]) => {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} exports nothing: build first`);
    return checker.getExportsOfModule(module).map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const isType = (symbol.flags & ts.SymbolFlags.Value) === 0;
      return { specifier, name: exported.name, isType, declarations: symbol.declarations ?? [], symbol };
    });
  });
  return {
    names: names.sort((a, b) => a.specifier.localeCompare(b.specifier) || a.name.localeCompare(b.name)),
    checker,
  };
};
