'use strict';
// From what V8 counted in dist/ (NODE_V8_COVERAGE) to the lines of src/ of which a part never ran: a statement, a branch, one
// side of `?:`, the right side of `&&`, `||` or `??`; and to each `if` without an `else` that was true each time.
// c8 itself cannot: a bundle of several sources is more than it can map, and it takes what never ran for covered.
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { CoverageReport } = require('monocart-coverage-reports');

/** @typedef {import('monocart-coverage-reports').CoverageFile} CoverageFile */

/**
 * @param {string} records where NODE_V8_COVERAGE pointed
 * @param {string} project
 * @returns {Promise<string[]>} each line, with its file and number
 */
exports.uncoveredSource = async (records, project) => {
  const report = new CoverageReport({
    baseDir: project,
    outputDir: path.join(project, '.cache', 'coverage-report'),
    logging: 'error',
    sourceFilter: (/** @type {string} */ file) => file.startsWith('src/'),
  });
  const dist = pathToFileURL(path.join(project, 'dist', path.sep)).href;
  /** @type {Map<string, ReturnType<typeof textsOf>>} */
  const texts = new Map();
  const textOf = (/** @type {string} */ url) => {
    const text = texts.get(url) ?? textsOf(url);
    texts.set(url, text);
    return text;
  };
  for (const name of readdirSync(records)) {
    const { scripts, lineLengths } = contentsOf(readFileSync(path.join(records, name), 'utf8'));
    const ours = scripts.flatMap((script) => {
      const [, file = ''] = /\/dist\/([\w/-]+\.js)$/.exec(script.url) ?? [];
      const url = `${dist}${file}`;
      if (file === '' || (script.url !== url && !isCopy(lineLengths(script.url), url, textOf))) return [];
      return [{ ...script, url, ...textOf(url) }];
    });
    if (ours.length > 0) await report.add(ours);
  }
  const files = (await report.generate())?.files ?? [];
  return [...notLoaded(project, texts), ...files.flatMap(uncoveredIn)];
};

/** @param {string} record empty, or not whole, if its process was killed while it wrote */
function contentsOf(record) {
  /** @type {{ result: { url: string }[], 'source-map-cache'?: Record<string, { lineLengths: number[] }> }} */
  let contents = { result: [] };
  try {
    contents = JSON.parse(record);
  } catch {
    // As good as nothing.
  }
  const cached = contents['source-map-cache'] ?? {};
  return { scripts: contents.result, lineLengths: (/** @type {string} */ url) => cached[url]?.lineLengths };
}

/**
 * Whether a script that ran elsewhere, as tests of the installed package do, has the text of one of ours.
 * @param {readonly number[] | undefined} lineLengths @param {string} url @param {(url: string) => { source: string }} textOf
 */
function isCopy(lineLengths, url, textOf) {
  if (lineLengths === undefined || !existsSync(new URL(url))) return false;
  const lines = textOf(url).source.split('\n');
  return lines.length === lineLengths.length && lines.every((line, index) => line.length === lineLengths[index]);
}

/** A compiled file and its map, in which every source is there by its whole address. @param {string} url */
function textsOf(url) {
  const source = readFileSync(new URL(url), 'utf8');
  const map = JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8'));
  const sources = map.sources.map((/** @type {string} */ name) => new URL(name, url).href);
  const sourcesContent = sources.map((/** @type {string} */ name) => readFileSync(new URL(name), 'utf8'));
  return { source, sourceMap: { ...map, sources, sourcesContent } };
}

/** @param {CoverageFile} file */
function uncoveredIn({ sourcePath, source = '', data }) {
  const text = source.split('\n');
  const lines = Object.entries(data?.lines ?? {}).filter(([, hits]) => hits === 0 || typeof hits === 'string');
  const neverFalse = (data?.branches ?? []).filter(({ none, count, ignored }) => none && count === 0 && !ignored);
  const numbers = neverFalse.map(({ start }) => source.slice(0, start).split('\n').length);
  const all = [...new Set([...lines.map(([line]) => Number(line)), ...numbers])].sort((a, b) => a - b);
  // Names that are handed on are no code.
  return all
    .filter((line) => !/^(import|export \{)/.test(text[line - 1] ?? ''))
    .map((line) => `${sourcePath}:${line}: ${text[line - 1]?.trim()}`);
}

/** @param {string} project @param {ReadonlyMap<string, unknown>} loaded by URL */
function notLoaded(project, loaded) {
  const { exports: entryPoints } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'));
  const compiled = Object.values(entryPoints).filter((file) => file.endsWith('.js'));
  const missing = compiled.filter((file) => !loaded.has(pathToFileURL(path.join(project, file)).href));
  return missing.map((file) => `${file}: no test loads it`);
}
