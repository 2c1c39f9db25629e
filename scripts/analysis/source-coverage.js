'use strict';
// From what V8 counted in dist/ (NODE_V8_COVERAGE) to the lines of src/ of which a part never ran: a statement, a branch,
// one side of `?:`, the right side of `&&`, `||` or `??`, what follows `?.`.
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { SourceMap } = require('node:module');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

/** @typedef {{ startOffset: number, endOffset: number, count: number }} Range */
/** @typedef {{ url: string, functions: { ranges: Range[] }[] }} Script */

/**
 * @param {string} records where NODE_V8_COVERAGE pointed
 * @param {string} dist
 * @returns {Map<string, { lines: Set<number>, uncovered: Set<number> }>} numbers of lines, from 1, by source file
 */
exports.sourceCoverage = function sourceCoverage(records, dist) {
  /** @type {Map<string, Source>} */
  const sources = new Map();
  for (const [generated, ran] of ranCharacters(records, dist)) addTo(sources, generated, ran);
  return new Map([...sources].map(([file, source]) => [file, source.summary()]));
};

/** Of each file in dist/ the characters that ran in any process. @param {string} records @param {string} dist */
function ranCharacters(records, dist) {
  /** @type {Map<string, Uint8Array>} */
  const files = new Map();
  let unfinished = 0;
  for (const name of readdirSync(records)) {
    const scripts = scriptsIn(readFileSync(path.join(records, name), 'utf8'));
    if (scripts === undefined) unfinished += 1;
    for (const { url, functions } of scripts ?? []) {
      const file = url.startsWith('file:') ? fileURLToPath(url) : '';
      if (!file.startsWith(dist + path.sep) || !existsSync(`${file}.map`)) continue;
      const ran = files.get(file) ?? new Uint8Array(readFileSync(file, 'utf8').length);
      files.set(file, ran);
      const counts = countsOf(ran.length, functions);
      counts.forEach((count, at) => (ran[at] ||= count));
    }
  }
  if (unfinished > 0) console.log(`${unfinished} records of processes that were killed while they wrote them`);
  return files;
}

/** Of a record; undefined if its process was killed while it wrote. @param {string} record @returns {Script[] | undefined} */
function scriptsIn(record) {
  try {
    return JSON.parse(record).result;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @param {number} length @param {Script['functions']} functions */
function countsOf(length, functions) {
  const counts = new Uint8Array(length).fill(1);
  const ranges = functions.flatMap((called) => called.ranges);
  // An inner range begins later, or ends earlier where both begin together.
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of ranges) counts.fill(Math.min(count, 1), startOffset, endOffset);
  return counts;
}

class Source {
  #text;
  #lineStarts;
  /** 0: no code, or not known; 1: ran; 2: never ran. Of each character. */
  #state;

  /** @param {string} text */
  constructor(text) {
    this.#text = text;
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    this.#state = new Uint8Array(text.length);
  }

  /** @param {number} line @param {number} column */
  offset(line, column) {
    return /** @type {number} */ (this.#lineStarts[line]) + column;
  }

  /** What one compiled file says. @param {Map<number, boolean>} ran whether the code that begins there ran */
  add(ran) {
    const places = [...ran].sort(([a], [b]) => a - b);
    places.forEach(([place, didRun], index) => {
      const endOfLine = this.#text.indexOf('\n', place);
      const end = Math.min(places[index + 1]?.[0] ?? this.#text.length, endOfLine);
      for (let at = place; at < end; at += 1) {
        if (didRun) this.#state[at] = 1;
        else if (this.#state[at] === 0) this.#state[at] = 2;
      }
    });
  }

  summary() {
    return { lines: this.#linesWith((state) => state !== 0), uncovered: this.#linesWith((state) => state === 2) };
  }

  /** @param {(state: number) => boolean} wanted */
  #linesWith(wanted) {
    /** @type {Set<number>} */
    const lines = new Set();
    this.#lineStarts.forEach((start, index) => {
      const end = this.#lineStarts[index + 1] ?? this.#text.length;
      const states = this.#state.subarray(start, end);
      const text = [...states].map((state, column) => (wanted(state) ? this.#text[start + column] : '')).join('');
      // Comments, and names that are handed on.
      const isCode = !/^\s*(\/[/*]|\*|import |export \{)/.test(this.#text.slice(start, end));
      if (isCode && /\w/.test(text)) lines.add(index + 1);
    });
    return lines;
  }
}

/** @param {Map<string, Source>} sources @param {string} generated @param {Uint8Array} ran */
function addTo(sources, generated, ran) {
  const map = new SourceMap(JSON.parse(readFileSync(`${generated}.map`, 'utf8')));
  /** @type {Map<Source, Map<number, boolean>>} */
  const places = new Map();
  let start = 0;
  for (const [number, line] of readFileSync(generated, 'utf8').split('\n').entries()) {
    for (let column = 0; column < line.length; column += 1) {
      const entry = map.findEntry(number, column);
      if (!('originalSource' in entry) || entry.generatedLine !== number || entry.generatedColumn !== column) continue;
      const file = path.resolve(path.dirname(generated), entry.originalSource.replace(/^file:\/\//, ''));
      if (file.includes('node_modules')) continue;
      const source = sources.get(file) ?? new Source(readFileSync(file, 'utf8'));
      sources.set(file, source);
      const known = places.get(source) ?? new Map();
      const at = source.offset(entry.originalLine, entry.originalColumn);
      places.set(source, known.set(at, known.get(at) === true || ran[start + column] !== 0));
    }
    start += line.length + 1;
  }
  for (const [source, known] of places) source.add(known);
}
