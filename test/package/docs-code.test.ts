// Every block of code in README.md and docs/ is a program: it compiles in strict TypeScript and runs, as a module of its own,
// against the built package. A "```js page" block is for a web page: it compiles against the DOM and does not run here. What blocks take
// for granted is in docs/scope.mjs. docs/api.md has the examples of the doc comments, which doc-examples.test.ts runs.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { compile, forNode, forPages } from '../support/compile';
import { codeBlocks, page, pages } from '../support/documents';

const preload = pathToFileURL(path.join(__dirname, 'docs', 'scope.mjs')).href;
const scope = `
  declare const server: import('node:net').Server;
  declare const socket: import('node:net').Socket;
  declare const liveSockets: import('node:net').Socket[];
`;
const written = [page('README.md'), ...pages('docs').filter(({ name }) => /^docs\/(?!api\.)/.test(name))];
const blocks = written
  .flatMap(codeBlocks)
  .filter(({ language }) => ['js', 'ts'].includes(language))
  .map((block, index) => ({
    ...block,
    source: `${index}.mts`,
    file: block.language === 'ts' ? `${index}.mjs` : `${index}.js.mjs`,
  }));
const programs = blocks.filter(({ words }) => !words.includes('page'));
const inPages = blocks.filter(({ words }) => words.includes('page'));
/** What it starts goes on for a while, so that what fails in an event fails too. */
const exit = 'setTimeout(() => process.exit(), 100);';

void t.test('the code of README.md and docs/ compiles and runs', async (t) => {
  t.ok(programs.length >= 6, `${programs.length} blocks`);
  const files: [string, string][] = programs.flatMap(({ code, source, file }) => [
    [file, `${code}${exit}\n`],
    [source, `${code}${exit}\nexport {};\n`],
  ]);
  const folder = compile(t, { ...Object.fromEntries(files), 'scope.d.ts': scope }, forNode);
  for (const { where, file } of programs) {
    const run = promisify(execFile)(process.execPath, ['--import', preload, path.join(folder, file)], {
      timeout: 60_000,
    });
    await t.resolves(run, where);
  }
});

void t.test('the code for web pages compiles', { skip: inPages.length === 0 && 'there is none' }, async (t) => {
  compile(t, Object.fromEntries(inPages.map(({ code, source }) => [source, `${code}export {};\n`])), forPages);
});
