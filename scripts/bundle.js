'use strict';
// Bundles each entry point that `tsc` compiled to dist/ into one file, so that loading it opens one file. An entry point
// leaves the root module out and requires it: there is one copy of the classes, the caches and the addon.
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const esbuild = require('esbuild-wasm');

const root = path.join(__dirname, '..');
const rootModule = path.join(root, 'src', 'index.ts');

/** The source of each entry point, as package.json names what it is compiled to. */
const { exports: entryPoints } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const sources = Object.values(entryPoints)
  .filter((/** @type {string} */ file) => /^\.\/dist\/.*\.js$/.test(file))
  .map((/** @type {string} */ file) => file.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts'));

/** @type {(outfile: string) => import('esbuild-wasm').Plugin} */
const withoutRootModule = (outfile) => ({
  name: 'without-root-module',
  setup(build) {
    build.onResolve({ filter: /\/index\.js$/ }, ({ path: specifier, resolveDir, kind }) => {
      const isRootModule = path.resolve(resolveDir, specifier).replace(/\.js$/, '.ts') === rootModule;
      if (kind === 'entry-point' || !isRootModule) return undefined;
      const relative = path.relative(path.dirname(outfile), path.join(root, 'dist', 'index.js'));
      return { path: relative.startsWith('.') ? relative : `./${relative}`, external: true };
    });
  },
});

/** Modules of Node that an empty program does not load: a bundle loads each when it first uses it. */
const notLoadedYet = ['net', 'os', 'stream', 'timers/promises'];

/**
 * Takes Node's own modules without `require`, which a bundle of ES modules does not have. Node before 20.16 has no other
 * way; each `require` stays written out for the bundlers. In the first line, so that the source map still fits.
 * @param {string} code
 */
function withBuiltins(code) {
  const pattern = /\brequire\(("node:[\w/]+")\)/g;
  const names = [...new Set([...code.matchAll(pattern)].map(([, name]) => name))];
  const fallback = names.map((name) => `${name}: () => require(${name})`).join(', ');
  const builtin = `const builtin = process.getBuiltinModule ?? ((name) => ({ ${fallback} })[name]());`;
  const later =
    'const later = (load, names) => { let found; const get = (name) => ({ get: () => (found ??= load())[name] }); return Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, get(name)]))); };';
  const imported = new RegExp(`^var (import_\\w+) = (require\\("node:(?:${notLoadedYet.join('|')})"\\));`, 'gm');
  return code
    .replace(imported, (_, variable, load) => {
      const used = [...code.matchAll(new RegExp(`\\b${variable}\\.(\\w+)`, 'g'))].map(([, name]) => name);
      return `var ${variable} = later(() => ${load}, ${JSON.stringify([...new Set(used)])});`;
    })
    .replace(pattern, 'builtin($1)')
    .replace('"use strict";', `"use strict"; ${builtin} ${later}`);
}

/** The module for web pages: one small file, which a page can import as it is. */
/** @satisfies {import('esbuild-wasm').BuildOptions} */
const forPages = {
  absWorkingDir: root,
  entryPoints: ['src/browser/index.mts'],
  outfile: path.join(root, 'dist', 'browser', 'index.mjs'),
  allowOverwrite: true,
  bundle: true,
  minify: true,
  platform: 'browser',
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
};

async function bundle() {
  await esbuild.build(forPages);
  for (const source of sources) {
    const outfile = path.join(root, source.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'));
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      sourcemap: true,
      sourcesContent: false,
      logLevel: 'warning',
      plugins: [withoutRootModule(outfile)],
    });
    writeFileSync(outfile, withBuiltins(readFileSync(outfile, 'utf8')));
  }
}

void bundle();
