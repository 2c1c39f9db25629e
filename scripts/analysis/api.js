'use strict';
// `npm run check:api [-- --write]`: is what a user's compiler sees what test/API.md says? A difference is a decision: write
// the file anew, and say in CHANGELOG.md what changed.
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const ts = require('typescript');
const { publicNames } = require('./public-api.js');

const root = path.join(__dirname, '..', '..');
const file = path.join(root, 'test', 'API.md');
const { names, checker } = publicNames();
const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

/** @param {import('./public-api.js').PublicName} known @param {import('typescript').Declaration} declaration */
function printed({ name, symbol }, declaration) {
  if (ts.isTypeAliasDeclaration(declaration)) {
    // Written out: the declaration may be in terms of something that is not exported.
    const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const members = type.isUnion() ? type.types : [type];
    return `export type ${name} = ${members
      .map((member) => checker.typeToString(member, undefined, flags))
      .sort()
      .join(' | ')};`;
  }
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
}

/** Types of this package that a declaration mentions and nobody can import. @param {import('typescript').Declaration} from */
function forgotten(from) {
  const exported = new Set(names.map(({ symbol }) => symbol));
  /** @type {Set<string>} */
  const found = new Set();
  /** @param {import('typescript').Node} node */
  const visit = (node) => {
    if (
      ts.isIdentifier(node) &&
      (ts.isTypeReferenceNode(node.parent) || ts.isExpressionWithTypeArguments(node.parent))
    ) {
      let symbol = checker.getSymbolAtLocation(node);
      if (symbol !== undefined && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
      const [at] = symbol?.declarations ?? [];
      const isOurs = at?.getSourceFile().fileName.startsWith(path.join(root, 'dist').replaceAll('\\', '/'));
      if (isOurs && at?.kind !== ts.SyntaxKind.TypeParameter && !exported.has(/** @type {any} */ (symbol)))
        found.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(from);
  return [...found];
}

const lines = [
  '# What the package exports',
  '',
  '`npm run check:api` compares, `npm run check:api -- --write` writes.',
];
let specifier = '';
const problems = [];
for (const known of names) {
  if (known.specifier !== specifier) {
    if (specifier !== '') lines.push('```');
    specifier = known.specifier;
    lines.push('', `## ${specifier}`, '', '```ts');
  } else lines.push('');
  for (const declaration of known.declarations) {
    lines.push(printed(known, declaration));
    for (const name of forgotten(declaration)) problems.push(`${known.name} mentions ${name}, which is not exported`);
  }
}
lines.push('```', '');
const report = lines.join('\n');

if (process.argv.includes('--write')) writeFileSync(file, report);
const committed = readFileSync(file, 'utf8');
if (committed !== report) {
  const [before, after] = [committed.split('\n'), report.split('\n')];
  for (const line of before) if (!after.includes(line)) problems.push(`- ${line}`);
  for (const line of after) if (!before.includes(line)) problems.push(`+ ${line}`);
  problems.push('test/API.md does not say so: if it is meant, npm run check:api -- --write');
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`${names.length} public names are as test/API.md says`);
