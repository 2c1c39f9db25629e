'use strict';
// `npm run check -- api`: compares what a user's compiler sees of each entry point with its report in test/api/.
// `npm run check -- api --write` accepts a difference, which CHANGELOG.md then has to name.
const { spawnSync } = require('node:child_process');
const { cpSync, mkdirSync, readFileSync, rmSync } = require('node:fs');
const path = require('node:path');
const { Extractor, ExtractorConfig } = require('@microsoft/api-extractor');

const root = path.join(__dirname, '..', '..');
const accepted = path.join(root, 'test', 'api');
const made = path.join(root, '.cache', 'api');
const configObjectFullPath = path.join(__dirname, 'api-extractor.json');
const packageJsonFullPath = path.join(root, 'package.json');

/** @param {string} types of an entry point @param {string} reportFileName */
function report(types, reportFileName) {
  const configObject = ExtractorConfig.loadFile(configObjectFullPath);
  configObject.mainEntryPointFilePath = types;
  Object.assign(/** @type {object} */ (configObject.apiReport), { reportFileName });
  const config = ExtractorConfig.prepare({ configObject, configObjectFullPath, packageJsonFullPath });
  const { errorCount } = Extractor.invoke(config, {
    localBuild: true, // writes the report
    messageCallback: (message) => void (message.handled = message.category === 'console'),
  });
  if (errorCount > 0) throw new Error(`${types}: ${errorCount} errors`);
}

rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });
const { name, exports: entryPoints } = JSON.parse(readFileSync(packageJsonFullPath, 'utf8'));
for (const [key, compiled] of Object.entries(entryPoints)) {
  if (!compiled.endsWith('.js')) continue;
  report(path.join(root, compiled.replace(/\.js$/, '.d.ts')), path.posix.join(name, key).replaceAll('/', '-'));
}
if (process.argv.includes('--write')) {
  rmSync(accepted, { recursive: true, force: true });
  cpSync(made, accepted, { recursive: true });
}
const { status } = spawnSync('git', ['--no-pager', 'diff', '--no-index', accepted, made], { stdio: 'inherit' });
if (status !== 0) {
  console.error('The API is not what test/api/ says. If it is meant: npm run check -- api --write');
  process.exit(1);
}
console.log('The API is what test/api/ says.');
