'use strict';
// docs/api.md: the doc comments of every entry point, by typedoc, on one page with a heading for each public name.
const { readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { Application } = require('typedoc');
const ts = require('typescript');

const root = path.join(__dirname, '..', '..');
const out = path.join(root, '.cache', 'api-page');
const introduction = `# API

Written from the doc comments by \`npm run check -- api --write\`. [Choosing a profile](profiles.md) and
[Recipes](recipes.md) are easier to begin with; [In a web page](browser.md) shows how to use \`tcp-keepalive/browser\`, and
[Errors](errors.md) explains every code.
`;
const options = {
  plugin: ['typedoc-plugin-markdown'],
  out,
  readme: 'none',
  logLevel: 'Error',
  disableSources: true,
  excludeExternals: true,
  excludeProtected: true,
  outputFileStrategy: 'modules',
  hidePageHeader: true,
  hidePageTitle: true,
  hideBreadcrumbs: true,
  hideGroupHeadings: true,
  useCodeBlocks: true,
  expandParameters: true,
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  propertyMembersFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: { hideModifiers: true },
  groupOrder: ['Functions', 'Classes', 'Variables', 'Interfaces', 'Type Aliases'],
};
const compilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
};

/**
 * @param {ReadonlyMap<string, string>} entryPoints `tcp-keepalive/heartbeat` and its .d.ts
 * @param {string} file to write
 */
exports.writeApiPage = async (entryPoints, file) => {
  rmSync(out, { recursive: true, force: true });
  const types = [...entryPoints.values()];
  const app = await Application.bootstrapWithPlugins(/** @type {object} */ ({ ...options, entryPoints: types }));
  app.options.setCompilerOptions(types, compilerOptions, undefined);
  const project = await app.convert();
  if (project === undefined) throw new Error('typedoc makes nothing of the entry points');
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error('typedoc has errors');

  /** @type {Map<string, number>} */
  const taken = new Map();
  const sections = [...entryPoints].map(([name, types]) => {
    const module = path.relative(path.join(root, 'dist'), types).replace(/(\/index)?\.d\.m?ts$/, '');
    const text = tidy(readFileSync(path.join(out, `${module}.md`), 'utf8'));
    return { name, text, anchors: anchorsOf(`## ${name}\n${text}`, taken) };
  });
  const contents = sections.map(({ name, anchors }) => {
    const [ofSection, ...links] = [...anchors].map(([name, anchor]) => `[${name}](#${anchor})`);
    return `- ${ofSection}: ${links.join(', ') || `what \`import '${name}'\` does`}`;
  });
  const texts = sections.map(
    ({ name, text, anchors }) => `## ${name}\n\n${linked(text, [anchors, ...sections.map(({ anchors }) => anchors)])}`,
  );
  const page = [introduction, contents.join('\n'), ...texts].join('\n\n');
  writeFileSync(file, `${page.replace(/\n{3,}/g, '\n\n').trim()}\n`);
};

/**
 * The names of a section, and the anchors that GitHub gives their headings: without capitals, so that some get a number.
 * @param {string} section @param {Map<string, number>} taken
 */
function anchorsOf(section, taken) {
  const headings = [...section.matchAll(/^##+ (.*)$/gm)].map(([, heading = '']) => heading);
  const all = headings.map((heading) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-');
    const times = taken.get(slug) ?? 0;
    taken.set(slug, times + 1);
    return /** @type {const} */ ([heading.replace(/\(\)$/, ''), times === 0 ? slug : `${slug}-${times}`]);
  });
  return new Map(all.filter(([name]) => !name.includes(': ')));
}

/** Typedoc's anchors are those of its own pages; there are none for members. @param {string} text @param {readonly ReadonlyMap<string, string>[]} known */
function linked(text, known) {
  return text.replaceAll(/\[(`?)([\w.]+)\1\]\([^)\s]*#[^)\s]*\)/g, (_, quote, name) => {
    const anchor = known.find((anchors) => anchors.has(name))?.get(name);
    return anchor === undefined ? `${quote}${name}${quote}` : `[${quote}${name}${quote}](#${anchor})`;
  });
}

/** What the signature and the code blocks say already. */
const leftOut =
  /^(Parameters|Type Parameters|Extends|Extended by|Overrides|Implementation of|Inherited from|Implements)$/;
const headingLeftOut =
  /^(Constructors?|Methods|Properties|Accessors|Get Signature|Examples?|Type Declaration|Returns)$/;

/** @param {string} text as typedoc writes it: names are headings of the second level */
function tidy(text) {
  const parts = text.replaceAll(/^\*\*\*$/gm, '').split(/^(?=#{1,6} )/m);
  let name = '';
  let skippedLevel = 0;
  return parts
    .map((part) => {
      const [, hashes = '', heading = '', body = ''] = /^(#+) (.*)\n([^]*)$/.exec(part) ?? [];
      if (heading === '') return part;
      if (skippedLevel > 0 && hashes.length > skippedLevel) return '';
      const isOverloaded = hashes.length > 2 && body.trim() === '' && heading.endsWith('()'); // addEventListener of a page
      skippedLevel = leftOut.test(heading) || isOverloaded ? hashes.length : 0;
      if (skippedLevel > 0 || /dispose/.test(heading)) return '';
      if (heading === 'Returns') return body.replace(/^\s*.*\n/, ''); // without the type
      if (headingLeftOut.test(heading)) return body;
      if (hashes.length > 2) return `#### ${name}: ${heading}\n${body}`;
      name = heading.replace(/\(\)$|\\?<.*/, '');
      return `### ${heading.replace(/\\?<.*/, '')}\n${body}`;
    })
    .join('')
    .replaceAll(/<a id="[^"]*"><\/a> /g, '')
    .replaceAll(/(?<=\|) - (?=\|)/g, ' ');
}
