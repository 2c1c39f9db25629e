'use strict';
// `npm run check -- api`: compares what a user's compiler sees of each entry point with its report in test/api/, and its doc
// comments with docs/api.md. `npm run check -- api --write` accepts a difference, which CHANGELOG.md then has to name.
const { spawnSync } = require('node:child_process');
const { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync } = require('node:fs');
const path = require('node:path');
const { Extractor, ExtractorConfig } = require('@microsoft/api-extractor');
const { writeApiPage } = require('./api-page.js');

const root = path.join(__dirname, '..', '..');
const accepted = path.join(root, 'test', 'api');
const acceptedPage = path.join(root, 'docs', 'api.md');
const made = path.join(root, '.cache', 'api');
const madePage = path.join(root, '.cache', 'api.md');
const configObjectFullPath = path.join(__dirname, 'api-extractor.json');
/** Code for a web page: it has the types of a page, and none of Node. */
const pageTsconfig = path.join(root, 'src', 'browser', 'tsconfig.json');
const packageJsonFullPath = path.join(root, 'package.json');

/** @param {string} types of an entry point @param {string} reportFileName */
function report(types, reportFileName) {
  const configObject = ExtractorConfig.loadFile(configObjectFullPath);
  configObject.mainEntryPointFilePath = types;
  if (types.endsWith('.mts')) configObject.compiler = { tsconfigFilePath: pageTsconfig };
  Object.assign(/** @type {object} */ (configObject.apiReport), { reportFileName });
  const config = ExtractorConfig.prepare({ configObject, configObjectFullPath, packageJsonFullPath });
  const { errorCount } = Extractor.invoke(config, {
    localBuild: true, // writes the report
    messageCallback: (message) => void (message.handled = message.category === 'console'),
  });
  if (errorCount > 0) throw new Error(`${types}: ${errorCount} errors`);
}

async function main() {
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  const { name, exports: map } = JSON.parse(readFileSync(packageJsonFullPath, 'utf8'));
  /** @type {Map<string, string>} */
  const entryPoints = new Map();
  for (const [key, compiled] of Object.entries(map)) {
    if (!/\.m?js$/.test(compiled)) continue;
    const specifier = path.posix.join(name, key);
    entryPoints.set(specifier, path.join(root, compiled.replace(/\.(m?)js$/, '.d.$1ts')));
    report(/** @type {string} */ (entryPoints.get(specifier)), specifier.replaceAll('/', '-'));
  }
  await writeApiPage(entryPoints, madePage);

  if (process.argv.includes('--write')) {
    rmSync(accepted, { recursive: true, force: true });
    cpSync(made, accepted, { recursive: true });
    copyFileSync(madePage, acceptedPage);
  }
  const compared = /** @type {const} */ ([
    [accepted, made],
    [acceptedPage, madePage],
  ]);
  for (const [before, now] of compared) {
    const { status } = spawnSync('git', ['--no-pager', 'diff', '--no-index', before, now], { stdio: 'inherit' });
    if (status === 0) continue;
    console.error(
      `The API is not what ${path.relative(root, before)} says. If it is meant: npm run check -- api --write`,
    );
    process.exit(1);
  }
  console.log('The API is what test/api/ and docs/api.md say.');
}

void main();
